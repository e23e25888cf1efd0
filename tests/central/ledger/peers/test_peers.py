"""Replicas find, introduce themselves to, and listen to each other: real TCP, no consensus."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest

from central.ledger.peers.acquaintances import Acquaintances
from central.ledger.peers.identity import new_identity
from central.ledger.peers.link import MAX_BUFFERED_BYTES, MAX_QUEUED, Introduction
from central.ledger.peers.members import Standing, configuration_of
from central.ledger.peers.peers import Peers
from central.ledger.peers.receiver import MAX_CALLERS, Door
from central.ledger.wire.framing import Frames, frame
from central.raft import AppendEntries, Entry, Message, TimeoutNow
from node.address import Address
from node.errors import OperationError
from protos import raft_pb2, raft_pb2_grpc
from tests.central.ledger.cluster import DEADLINE, free_ports


@dataclass
class End:
    """One replica's side of the wire, without the replica."""

    replica_id: str
    addresses: dict[str, Address]
    directory: Path
    cluster_id: str = "c-1"
    incarnation: str = ""
    got: list[Message] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    taken: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.standing = Standing(configuration_of(self.addresses), 1, committed=True)
        identity = new_identity(made_for="c-1", joined=False)
        mine = self.incarnation or identity.incarnation
        me = Introduction(self.cluster_id, self.replica_id, mine)
        self.peers = Peers(me)
        self.peers.on_there = self.there.append
        self.directory.mkdir(exist_ok=True)
        known = Acquaintances(self.directory, identity, lambda: self.standing)
        self.door = Door(me, known, self.peers, self._take, lost=self.lost.append)

    def _take(self, messages: Iterable[Message]) -> None:
        self.got.extend(messages)
        self.taken.set()

    async def hears(self, count: int) -> None:
        """Return once that many messages are here."""
        async with asyncio.timeout(DEADLINE):
            while len(self.got) < count:
                self.taken.clear()
                await self.taken.wait()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen and dial."""
        server = grpc.aio.server()
        raft_pb2_grpc.add_RaftServiceServicer_to_server(self.door, server)
        server.add_insecure_port(str(self.addresses[self.replica_id]))
        await self.door.open(Address("127.0.0.1", 0))
        await server.start()
        self.peers.follow(self.standing)
        task = asyncio.create_task(self.peers.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.door.close()
            await server.stop(0)

    async def loses(self, count: int) -> None:
        """Return once that many connections to us have ended."""
        async with asyncio.timeout(DEADLINE):
            while True:
                if len(self.lost) >= count:
                    return
                await asyncio.sleep(0.01)

    async def heard(self, message: Message, *, at: "End") -> None:
        """Send until it is there: what is sent while nobody is connected is lost."""
        async with asyncio.timeout(DEADLINE):
            while message not in at.got:
                self.peers.send([message])
                await asyncio.sleep(0.01)


def two_ends(directory: Path) -> tuple[End, End]:
    addresses = {
        name: Address("127.0.0.1", port) for name, port in zip("ab", free_ports(2), strict=True)
    }
    return End("a", addresses, directory / "a"), End("b", addresses, directory / "b")


def message(sender: str, receiver: str, term: int = 1) -> TimeoutNow:
    return TimeoutNow(sender=sender, receiver=receiver, term=term)


async def test_both_hear_each_other_also_after_one_was_away(tmp_path: Path) -> None:
    a, b = two_ends(tmp_path)
    async with a.running():
        for term in (1, 2):
            b = End("b", b.addresses, tmp_path / "b", incarnation="the same disk")
            async with b.running():
                await a.heard(message("a", "b", term), at=b)
                await b.heard(message("b", "a", term), at=a)
            await a.loses(term)
            assert a.there == ["b"] * term


async def test_messages_come_in_order_and_none_twice(tmp_path: Path) -> None:
    a, b = two_ends(tmp_path)
    async with a.running(), b.running():
        await a.heard(message("a", "b"), at=b)
        b.got.clear()
        sent = [message("a", "b", term) for term in range(2, 202)]
        for one in sent:
            a.peers.send([one])
        await b.hears(len(sent))
        assert b.got == sent


async def test_one_of_another_cluster_is_told_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    a, b = two_ends(tmp_path)
    stranger = End("a", a.addresses, tmp_path / "x", cluster_id="c-2")
    async with b.running(), stranger.running():
        async with asyncio.timeout(DEADLINE):
            while "refuses us: replica 'a' is of cluster 'c-2'" not in caplog.text:
                stranger.peers.send([message("a", "b")])
                await asyncio.sleep(0.01)
        assert b.got == []


async def test_a_peer_that_reads_nothing_costs_bounded_memory(tmp_path: Path) -> None:
    a, b = two_ends(tmp_path)
    large = AppendEntries("a", "b", 1, 0, 0, 0, 0, (Entry(1, 1, bytes(1 << 20)),))
    async with a.running(), b.running():
        await a.heard(message("a", "b"), at=b)
        link = a.peers._links["b"][0]
        line = link._line
        assert line is not None
        assert line._transport is not None
        # All in one turn of the event loop: nobody reads meanwhile.
        for _ in range(2 * MAX_QUEUED):
            a.peers.send([large])
        assert len(link._queue) == MAX_QUEUED
        most = MAX_BUFFERED_BYTES + 2 * len(large.entries[0].data)
        assert line._transport.get_write_buffer_size() <= most
        await b.hears(MAX_QUEUED)


async def speak(port: int, *parts: bytes) -> bytes:
    """Return all that a door answers until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
        async with asyncio.timeout(DEADLINE):
            try:
                return await reader.read()
            except ConnectionResetError:
                return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    "nonsense",
    [b"GET / HTTP/1.1\r\n\r\n", frame(b"\xff\xff"), frame(b""), (1 << 30).to_bytes(4, "big")],
)
async def test_who_speaks_nonsense_is_not_listened_to(tmp_path: Path, nonsense: bytes) -> None:
    a, b = two_ends(tmp_path)
    async with b.running():
        answer = await speak(b.peers.port, nonsense)
        assert all(raft_pb2.PeerWelcome.FromString(part).refusal for part in Frames().feed(answer))
        async with a.running():  # and it still serves others
            await a.heard(message("a", "b"), at=b)


async def test_nonsense_after_a_welcome_ends_the_connection(tmp_path: Path) -> None:
    _, b = two_ends(tmp_path)
    hello = raft_pb2.PeerIntroduction(
        cluster_id="c-1", sender_id="a", receiver_id="b", sender_incarnation="i"
    )
    async with b.running():
        answer = await speak(b.peers.port, frame(hello.SerializeToString()), frame(b"\x08\x01"))
        (welcome,) = Frames().feed(answer)
        assert raft_pb2.PeerWelcome.FromString(welcome).refusal == ""
        assert b.got == []


async def test_connections_are_bounded(tmp_path: Path) -> None:
    _, b = two_ends(tmp_path)
    async with b.running():
        open_ones = [
            await asyncio.open_connection("127.0.0.1", b.peers.port) for _ in range(MAX_CALLERS)
        ]
        assert await speak(b.peers.port) == b""
        for _, writer in open_ones:
            writer.close()


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    a, b = two_ends(tmp_path)
    async with a.running():
        with pytest.raises(OperationError, match=r"on 127\.0\.0\.1:.* another port with --peer-p"):
            await b.door.open(Address("127.0.0.1", a.peers.port))
