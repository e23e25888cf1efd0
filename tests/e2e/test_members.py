"""A group grows from one to four while it is written to, loses its primary twice, and serves on.

Real processes, and the commands that an operator types.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from central.demo.ports import free_addresses
from central.demo.processes import Supervisor
from central.ledger.client import LedgerClient
from central.ledger.interface import LedgerError
from central.ledger.records import Members
from node.address import Address
from tests.e2e.replicas import LAYOUT, START_S, Writer, history
from tests.e2e.test_operator import run


@dataclass
class Replicas:
    """Replicas that begin as one."""

    directory: Path
    supervisor: Supervisor
    addresses: dict[str, Address] = field(default_factory=dict)

    async def start(self, replica_id: str, *more: str) -> None:
        """Start one, and wait until it answers."""
        await self.supervisor.start(
            replica_id,
            [
                *("ledger", "--replica-id", replica_id),
                *("--listen", str(self.addresses[replica_id])),
                *("--data", str(self.directory / replica_id)),
                *("--camera-time-out", "600"),
                *more,
            ],
        )
        client = LedgerClient([self.addresses[replica_id]])
        async with asyncio.timeout(START_S):
            while True:
                try:
                    await client.replica_status(str(self.addresses[replica_id]))
                    break
                except LedgerError:
                    await asyncio.sleep(0.05)
        await client.close()

    def ledger(self, *replica_ids: str) -> tuple[str, str]:
        """Return the option that names these replicas."""
        return "--ledger", ",".join(str(self.addresses[one]) for one in replica_ids)


@asynccontextmanager
async def one_replica(directory: Path) -> AsyncIterator[Replicas]:
    """Give a group of one, `a`, and addresses for three more."""
    supervisor = Supervisor(directory)
    replicas = Replicas(directory, supervisor, dict(zip("abcd", free_addresses(4), strict=True)))
    try:
        await replicas.start("a")
        yield replicas
    finally:
        await supervisor.stop(list(supervisor.children), grace=START_S)


async def primary(client: LedgerClient) -> tuple[str, Members]:
    """Return who leads, and the members."""
    members = await client.members(timeout=START_S)
    return members.primary_id, members


async def test_it_grows_and_shrinks_and_serves_on(tmp_path: Path) -> None:
    async with one_replica(tmp_path) as replicas:
        client = LedgerClient(list(replicas.addresses.values()))
        await client.apply(LAYOUT, timeout=START_S)
        writer = Writer(client)
        writing = asyncio.create_task(writer.run())
        await writer.wait_for(5)
        for newcomer in "bcd":
            await replicas.start(newcomer, "--join", str(replicas.addresses["a"]))
            code, output, errors = await run(
                *("members", "add", newcomer, str(replicas.addresses[newcomer])),
                *replicas.ledger("a"),
            )
            assert (code, errors) == (0, "")
            assert f"{newcomer}: added, at" in output
            assert f"{newcomer}: a voter; " in output
        assert "4 voters, the group survives the loss of 1" in output
        # The primary goes, then another one dies as in a power cut.
        code, output, errors = await run("members", "remove", "a", *replicas.ledger("a"))
        assert (code, errors) == (0, "")
        assert "a: removed, stop it now and delete its data; 3 voters, the group surv" in output
        await replicas.supervisor.stop(["a"], grace=START_S)
        victim, members = await primary(client)
        assert [one.replica_id for one in members.members] == ["b", "c", "d"]
        await replicas.supervisor.kill(victim)
        await writer.wait_for(20)
        # It comes back on what it holds, told nothing of the others.
        await replicas.start(victim)
        others = [one for one in "bcd" if one != victim]
        async with asyncio.timeout(2 * START_S):  # elected anew on a busy machine: asked again
            while (await primary(client))[0] != others[0]:
                await run("transfer", "--to", others[0], *replicas.ledger(*others))
        await writer.wait_for(20)
        writer.enough = True
        await asyncio.wait_for(writing, START_S)
        changes = await history(client, changes=len(writer.acks))
        assert len(changes) == len(writer.acks)
        code, output, _ = await run("members", "list", "--json", *replicas.ledger(others[1]))
        listed = json.loads(output)
        assert code == 0
        assert [one["role"] for one in listed["members"]] == ["voter"] * 3
        await client.close()


async def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    async with one_replica(tmp_path) as replicas:
        here = replicas.ledger("a")
        client = LedgerClient([replicas.addresses["a"]])
        await primary(client)
        await client.close()
        other = str(replicas.addresses["b"])
        for arguments, expected, said in (
            (("members", "add", "b", other, *here), 1, "'b' does not answer the primary"),
            (("members", "remove", "z", *here), 1, "replica 'z' is no member: the members are a"),
            (("members", "list", "--ledger", other, "--timeout", "0.3"), 1, "no answer within"),
            (
                (
                    *("ledger", "--replica-id", "a", "--listen", other),
                    *("--data", str(tmp_path / "new"), "--join", str(replicas.addresses["a"])),
                ),
                2,
                "the group has a replica 'a' already",
            ),
        ):
            code, output, errors = await run(*arguments)
            assert (code, output) == (expected, ""), errors
            assert errors.startswith("parkledger: ")
            assert errors.count("\n") == 1
            assert said in errors
