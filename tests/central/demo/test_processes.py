"""Children: started, killed, stopped, mourned, and never left behind."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from central.demo.cluster import Cluster, wait_listening
from central.demo.ports import free_addresses
from central.demo.processes import Supervisor, log_tail
from node.address import Address
from node.errors import OperationError, UsageError

DEADLINE_S = 60.0


def lone_replica(directory: Path) -> list[str]:
    """Return the arguments of the lightest node that stays: a cluster of one."""
    (address,) = free_addresses(1)
    cluster = Cluster(directory, {"r1": address}, address)
    return cluster.replica_arguments("r1")


async def ready(arguments: list[str]) -> None:
    """Return once the replica of these arguments listens: it is past its start."""
    address = Address.parse(arguments[arguments.index("--listen") + 1])
    await wait_listening("replica", address, timeout=DEADLINE_S)


async def test_a_child_that_ends_by_itself_is_named_with_the_end_of_its_log(
    tmp_path: Path,
) -> None:
    supervisor = Supervisor(tmp_path)
    await supervisor.start("short-lived", ["--version"])
    async with asyncio.timeout(DEADLINE_S):
        error = await supervisor.death()
    assert isinstance(error, OperationError)
    assert "short-lived ended unexpectedly (exit code 0): parkledger, version" in str(error)


async def test_a_child_that_was_wrongly_asked_is_our_persons_mistake(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    await supervisor.start("camera-x", ["status", "--ledger", "nowhere"])
    async with asyncio.timeout(DEADLINE_S):
        error = await supervisor.death()
    assert isinstance(error, UsageError)
    assert "camera-x: " in str(error)
    assert "address 'nowhere'" in str(error)


async def test_kill_freeze_and_stop_are_no_unexpected_deaths(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    for name in ("one", "two"):
        arguments = lone_replica(tmp_path / name)
        await supervisor.start(name, arguments)
        await ready(arguments)
    await supervisor.kill("one")
    assert supervisor.children["one"].process.returncode == -signal.SIGKILL
    supervisor.freeze(["two"])
    await supervisor.stop(["two"], grace=DEADLINE_S)
    assert supervisor.children["two"].process.returncode == 0  # woken, then ended in order
    death = asyncio.create_task(supervisor.death())
    await asyncio.sleep(0)
    assert not death.done()
    death.cancel()


async def test_the_persons_variables_do_not_reach_the_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARKLEDGER_STATUS_LEDGER", "nowhere")
    supervisor = Supervisor(tmp_path)
    await supervisor.start(
        "status",
        ["status", "--timeout", "0.2"],
        environment={"PARKLEDGER_STATUS_LEDGER": "127.0.0.1:1"},
    )
    async with asyncio.timeout(DEADLINE_S):
        error = await supervisor.death()
    assert "127.0.0.1:1: Connection refused" in str(error)


PARENT = """
import asyncio, sys
from pathlib import Path
from central.demo.processes import Supervisor

async def main():
    supervisor = Supervisor(Path(sys.argv[1]))
    await supervisor.start("replica", sys.argv[2:])
    print(supervisor.children["replica"].process.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_children_do_not_survive_a_killed_parent(tmp_path: Path) -> None:
    arguments = lone_replica(tmp_path / "r1")
    command = [sys.executable, "-c", PARENT, str(tmp_path), *arguments]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        asyncio.run(ready(arguments))  # it outlived the moment of its start
    finally:
        parent.kill()
        parent.communicate()
    gone, alive = psutil.wait_procs([child], timeout=DEADLINE_S)
    # In a container nobody may reap an orphan: a zombie is dead too.
    survives = not gone and alive[0].status() != psutil.STATUS_ZOMBIE
    if survives:
        child.kill()
    assert not survives


def test_the_tail_of_a_log_skips_empty_lines(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("one\n\ntwo\nthree\n\nfour\n\n", encoding="utf-8")
    assert log_tail(log) == ["two", "three", "four"]
    log.write_text("", encoding="utf-8")
    assert log_tail(log) == ["its log is empty"]
