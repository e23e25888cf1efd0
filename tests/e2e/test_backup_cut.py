"""A ledger that drops history is copied, and the copy becomes a cluster that drops on."""

import asyncio
import json
from pathlib import Path

from central.demo.ports import free_addresses
from central.demo.processes import Supervisor
from central.ledger.client import LedgerClient
from tests.e2e.replicas import LAYOUT, START_S, Writer
from tests.e2e.test_operator import run

KEPT_DAYS = str(2 / 86_400)


async def dropped_through(ledger: LedgerClient, address: str, *, more_than: int) -> int:
    """Return up to which index a replica has dropped its history, once it is more than that."""
    async with asyncio.timeout(START_S):
        while True:
            size = (await ledger.checkpoint(address)).size
            if size > more_than:
                return size
            await asyncio.sleep(0.05)


async def test_a_backup_of_what_is_left_becomes_a_cluster_that_drops_on(tmp_path: Path) -> None:
    file, data = tmp_path / "north.backup", tmp_path / "restored"
    old, new = free_addresses(2)
    supervisor = Supervisor(tmp_path)
    ledger, restored = LedgerClient([old]), LedgerClient([new])
    options = ("--camera-time-out", "600", "--keep-history", KEPT_DAYS)
    try:
        arguments = ("--data", str(tmp_path / "a"), "--replica-id", "a", "--listen", str(old))
        await supervisor.start("a", ["ledger", *arguments, *options])
        await ledger.apply(LAYOUT, timeout=START_S)
        writer = Writer(ledger)
        for _ in range(150):
            await writer.write()
        dropped = await dropped_through(ledger, str(old), more_than=0)
        code, output, errors = await run("backup", str(file), "--ledger", str(old), "--json")
        assert (code, errors) == (0, "")
        made = json.loads(output)

        arguments = ("--data", str(data), "--replica-id", "x", "--listen", str(new))
        code, output, errors = await run("restore", str(file), *arguments)
        assert (code, errors) == (0, "")
        assert "was dropped before it was taken" in output
        code, output, errors = await run("verify", "--data", str(data))
        assert (code, errors) == (0, "")
        assert f"head {made['index']}:{made['head']}" in output

        await supervisor.start("x", ["ledger", *arguments, *options])
        writer.ledger = restored
        for _ in range(150):
            await writer.write()
        state = (await restored.get(("north",), timeout=START_S)).lots[0]
        assert {spot.spot_id: spot.occupancy for spot in state.spots} == writer.acked
        assert await dropped_through(restored, str(new), more_than=dropped) > dropped
        code, output, errors = await run("verify", "--ledger", str(new))
        assert (code, errors) == (0, ""), output
    finally:
        await ledger.close()
        await restored.close()
        await supervisor.stop(list(supervisor.children), grace=START_S)
    code, output, errors = await run("verify", "--data", str(data))
    assert (code, errors) == (0, "")
    assert "log: entries" in output
