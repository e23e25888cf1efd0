"""Messages between replicas over TCP, one connection from each to each. May be lost, not forged.

Raft needs no delivery guarantee, so nothing here waits or retries a message: while a peer is away
its messages are dropped, and its queue is bounded. `receiver` is the other end, and
`protos/raft.proto` says what goes over the wire. Not gRPC: a message through it costs both ends
several times as much CPU as all the rest of replication.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from central.ledger.peers.link import Introduction, Link
from central.ledger.peers.members import Standing, decode_places
from central.ledger.wire.consensus import Encoder
from central.raft import Message
from node.address import Address
from node.values import frozen

logger = logging.getLogger(__name__)

MAX_GUESTS = 16
"""Peers that are answered though our log does not name them. Others are not answered."""


@frozen
class Caller:
    """A peer that has connected to us. index: of the configuration in its log that says where it
    is; if ours is older, that counts more. port: where it takes connections, 0 if it did not say.
    """

    peer: str
    address: Address | None
    index: int
    port: int


class Peers:
    """The connections to all other members, and to those that speak to us as members.

    A replica that lags behind does not know who was added since, and a newcomer knows nobody, yet
    must answer whoever leads (section 4.2.1): the leader's introduction says where it is. It is our
    guest as long as that connection lasts.
    """

    def __init__(self, me: Introduction) -> None:
        self._me = me
        self._members: dict[str, Address] = {}
        self._index = 0  # of the configuration that says so
        self._named = False  # whether it names our incarnation
        self._guests: dict[str, tuple[Address, int]] = {}  # with the configuration's index
        self._guest_connections: Counter[str] = Counter()
        self._links: dict[str, tuple[Link, asyncio.Task[None]]] = {}
        self._changed = asyncio.Event()
        self._encoder = Encoder()
        self.port = 0
        """Where we take connections ourselves."""
        self.on_there: Callable[[str], None] = lambda _: None
        """Told of each peer that messages reach again; to be set before `run`."""

    def follow(self, standing: Standing) -> None:
        """Talk to these members from now on, and to no others."""
        places = decode_places(standing.configuration.context)
        self._members = {peer: place.address for peer, place in places.items()}
        mine = places.get(self._me.replica_id)
        self._index = standing.index
        self._named = mine is not None and mine.incarnation == self._me.incarnation
        self._changed.set()

    @contextmanager
    def hearing(self, caller: Caller) -> Iterator[None]:
        """Answer a peer for as long as it speaks, if our log does not name it."""
        if caller.peer in self._links:
            self._links[caller.peer][0].is_back(caller.port)
        room = caller.peer in self._guests or len(self._guests) < MAX_GUESTS
        if caller.address is None or not room:
            yield
            return
        self._guests[caller.peer] = (caller.address, caller.index)
        self._guest_connections[caller.peer] += 1
        self._changed.set()
        try:
            yield
        finally:
            self._guest_connections[caller.peer] -= 1
            if not self._guest_connections[caller.peer]:
                del self._guests[caller.peer], self._guest_connections[caller.peer]
                self._changed.set()

    def send(self, messages: Iterable[Message]) -> None:
        """Send messages to whoever they are addressed to; never waits."""
        to_each: dict[str, list[Message]] = {}
        for message in messages:
            to_each.setdefault(message.receiver, []).append(message)
        for peer, theirs in to_each.items():
            if peer in self._links:
                self._links[peer][0].send(theirs)

    async def run(self) -> None:
        """Keep a connection open to each peer until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._changed.wait()
                self._changed.clear()
                self._relink(tasks)

    def _relink(self, tasks: asyncio.TaskGroup) -> None:
        wanted = dict(self._members)
        for peer, (address, index) in self._guests.items():
            if peer not in wanted or index > self._index:
                wanted[peer] = address
        mine = self._members.get(self._me.replica_id)
        wanted.pop(self._me.replica_id, None)
        for peer, (link, task) in list(self._links.items()):
            if wanted.get(peer) != link.address or link.my_address != mine:
                task.cancel()
                del self._links[peer]
        for peer, address in wanted.items():
            if peer not in self._links:
                link = Link(self._me, mine, self.port, peer, address, self.on_there, self._encoder)
                self._links[peer] = (link, tasks.create_task(link.run()))
            self._links[peer][0].index = self._index
            self._links[peer][0].named = self._named
