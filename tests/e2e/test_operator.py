"""`parkledger status` and `parkledger watch` against real replicas, some of them dead."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.e2e.replicas import START_S, Group, Writer, three_replicas

PATIENT = {
    f"PARKLEDGER_{name}_TIMEOUT": str(START_S)
    for name in ("BACKUP", "HISTORY", "MEMBERS_LIST", "MEMBERS_REMOVE", "TRANSFER", "VERIFY")
}
"""What a replica of a slow and busy machine may take to answer one who asks from a shell."""


async def command(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "node", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | PATIENT,
    )


async def run(*arguments: str) -> tuple[int | None, str, str]:
    """Run `parkledger ARGUMENTS...`; returns exit code, output and errors."""
    process = await command(*arguments)
    output, errors = await asyncio.wait_for(process.communicate(), 2 * START_S)
    return process.returncode, output.decode(), errors.decode()


async def status(group: Group, *replica_ids: str) -> tuple[int | None, Any]:
    """Return exit code and object of `parkledger status --json`, asked of these replicas."""
    addresses = ",".join(str(group.cluster.replicas[replica_id]) for replica_id in replica_ids)
    code, output, errors = await run("status", "--ledger", addresses, "--json", "--timeout", "10")
    assert errors == ""
    return code, json.loads(output)


async def next_line(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    return (await asyncio.wait_for(stream.readline(), START_S)).decode().strip()


async def test_status_of_three_and_of_the_last_one(tmp_path: Path) -> None:
    async with three_replicas(tmp_path) as group:
        primary = await group.primary_id()
        await Writer(group.ledger).write()
        await group.agree()
        first, second, third = group.cluster.replicas
        code, shown = await status(group, second)
        assert code == 0
        assert shown["primary"] in {primary, await group.primary_id()}  # elected anew, perhaps
        assert [replica["replica"] for replica in shown["replicas"]] == [first, second, third]
        assert shown["lots"][0] | {"counts": []} == {
            "lot": "north",
            "name": "",
            "layout_version": 1,
            "spots": 10,
            "vacant": 0,
            "occupied": 1,
            "unknown": 9,
            "counts": [],
            "cameras": [
                {
                    "camera": "east",
                    "condition": "unknown",
                    "since_us": None,
                    "detail": "",
                    "heard_by_primary": False,
                }
            ],
        }
        await group.supervisor.kill(first)
        await group.supervisor.kill(second)
        async with asyncio.timeout(START_S):  # until it notices that it leads nobody, if it did
            while (answer := await status(group, first, third))[1]["nodes"] is not None:
                pass
        code, shown = answer
        assert code == 1
        assert shown["linearizable"] is False
        assert shown["lots"][0]["occupied"] == 1  # its own view, and not said to be new
        assert shown["age_us"] != 0
        assert shown["nodes"] is None
        # The last one may still name a dead primary, which is then asked as well.
        answers = [replica["answers"] for replica in shown["replicas"]]
        assert answers[0]
        assert not any(answers[1:])


async def test_watch_follows_over_a_fail_over_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    async with three_replicas(tmp_path) as group:
        writer = Writer(group.ledger)
        ledger = ",".join(str(address) for address in group.cluster.ledger)
        watch = await command("watch", "--ledger", ledger, "--lot", "north", "--after", "0")
        try:
            assert (await next_line(watch.stdout)).endswith("Z north layout version 1")
            await writer.write()
            line = await next_line(watch.stdout)
            assert line.endswith("Z north A00 unknown -> occupied 0.90 east")
            await group.supervisor.kill(await group.primary_id())
            for number in (1, 2):
                await writer.write()
                assert f" A0{number} " in await next_line(watch.stdout)
            watch.send_signal(signal.SIGINT)
            _, errors = await asyncio.wait_for(watch.communicate(), START_S)
        finally:
            if watch.returncode is None:
                watch.kill()
        assert watch.returncode == 0
        assert errors == b""
