"""A ledger is copied under load, and the copy becomes a cluster of its own: what people type."""

import asyncio
import json
from pathlib import Path

from central.demo.ports import free_addresses
from central.ledger.client import LedgerClient
from tests.e2e.replicas import SPOTS, START_S, Writer, history, three_replicas
from tests.e2e.test_operator import run


async def test_a_backup_under_load_becomes_a_cluster(tmp_path: Path) -> None:
    file, data = tmp_path / "north.backup", tmp_path / "restored"
    async with three_replicas(tmp_path) as group:
        ledger = ",".join(str(address) for address in group.cluster.replicas.values())
        writer = Writer(group.ledger)
        writing = asyncio.create_task(writer.run())
        await writer.wait_for(30)
        acked = len(writer.acks)
        led = await group.primary_id()
        code, output, errors = await run("backup", str(file), "--ledger", ledger, "--json")
        assert (code, errors) == (0, "")
        leads = await group.primary_id()
        made = json.loads(output)
        await writer.wait_for(10)
        writer.enough = True
        await asyncio.wait_for(writing, START_S)
        assert made["replica_id"] != led or leads != led  # a primary has enough to do

        # The same head at that index in the ledger that went on, told by each of its replicas.
        await group.agree()
        client = LedgerClient(list(group.cluster.replicas.values()))
        for address in group.cluster.replicas.values():
            head = await client.head(str(address), index=made["index"])
            assert head.digest.hex() == made["head"]
        await client.close()
        whole = await history(group.ledger, changes=len(writer.acks))

        code, output, errors = await run("restore", str(file), "--check")
        assert (code, errors) == (0, "")
        assert f"head {made['index']}:{made['head']}" in output
        (address,) = free_addresses(1)
        arguments = ("--data", str(data), "--replica-id", "x", "--listen", str(address))
        code, output, errors = await run("restore", str(file), *arguments)
        assert (code, errors) == (0, "")
        code, _, errors = await run("restore", str(file), *arguments)
        assert code == 2
        assert "is not empty" in errors

        await group.supervisor.start("x", ["ledger", *arguments, "--camera-time-out", "600"])
        new = LedgerClient([address])
        kept = await history(new, changes=acked)
        assert kept == whole[: len(kept)]  # whole, and nothing else
        assert acked <= len(kept)
        # The camera goes on where it was: what the copy holds is not applied twice.
        again = Writer(new)
        for _ in range(len(kept) + 5):
            await again.write()
        after = await history(new, changes=len(kept) + 5)
        assert after[: len(kept)] == kept
        assert [change.spot_id for change in after[len(kept) :]] == [
            SPOTS[number % len(SPOTS)] for number in range(len(kept), len(kept) + 5)
        ]
        await new.close()
        code, output, errors = await run(
            *("verify", "--ledger", str(address), "--against", f"{made['index']}:{made['head']}")
        )
        assert (code, errors) == (0, ""), output
