"""What `parkledger status` knows: everything that the ledger will tell, asked at once.

With a replica or the quorum lost the operator needs the rest more than ever, so each question may
fail by itself: its answer is then None and the fault says why.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence

from central.ledger.interface import Ledger, LedgerError
from central.ledger.records import LedgerState, NodeKind, ReplicaStatus, ServiceStatus
from node.values import frozen


@frozen
class ReplicaAnswer:
    """One replica's answer about itself, or why there is none."""

    address: str
    status: ReplicaStatus | None
    fault: str = ""
    clock: "Clock | None" = None


@frozen
class Clock:
    """How far a replica's wall clock is ahead of ours, microseconds, to within `give_or_take_us`.

    Told by Cristian's rule: it read its clock between our asking and its answer.
    """

    ahead_us: int
    give_or_take_us: int

    @property
    def surely_us(self) -> int:
        """How far the clocks are apart at the least."""
        return max(0, abs(self.ahead_us) - self.give_or_take_us)


def compare_clocks(asked_us: int, told_us: int, answered_us: int) -> Clock:
    """Compare what a clock told with what ours was when we asked and when we had the answer."""
    middle = (asked_us + answered_us) // 2
    return Clock(told_us - middle, (answered_us - asked_us + 1) // 2)


@frozen
class Overview:
    """The ledger as one client sees it.

    `state` is linearizable where `state_fault` is empty; else it is one replica's own (its
    `age_us` says how old it may be) or None.
    """

    state: LedgerState | None
    state_fault: str
    replicas: tuple[ReplicaAnswer, ...]
    service: ServiceStatus | None
    service_fault: str

    @property
    def primary_id(self) -> str:
        """The replica that says itself that it is the primary; empty if none does.

        A primary that was cut off may not know it yet: the highest term is right.
        """
        claims = [
            (answer.status.term, answer.status.replica_id)
            for answer in self.replicas
            if answer.status is not None and answer.status.primary
        ]
        return max(claims)[1] if claims else ""

    @property
    def names(self) -> dict[str, str]:
        """Replica ids by the addresses that the group knows them at, as those that answer say."""
        known = [answer.status for answer in self.replicas if answer.status is not None]
        peers = {peer.address: peer.replica_id for status in known for peer in status.peers}
        return peers | {one.primary_address: one.primary_id for one in known if one.primary_id}

    @property
    def heard_cameras(self) -> frozenset[str] | None:
        """Cameras that somebody has vouched for since the primary took over; None if unknown.

        What is said of the others is of before that.
        """
        if self.service is None:
            return None
        reports = (node.report for node in self.service.nodes)
        return frozenset(one.node_id for one in reports if one.kind is NodeKind.CAMERA)


async def look(ledger: Ledger, addresses: Sequence[str], *, timeout: float) -> Overview:
    """Ask for state, nodes and every replica, side by side; `timeout` in seconds a question.

    `addresses` are HOST:PORT; replicas that only their peers name are asked too.
    """
    (state, state_fault), (service, service_fault), asked = await asyncio.gather(
        _state(ledger, timeout=timeout),
        _service(ledger, timeout=timeout),
        _replicas(ledger, addresses, timeout=timeout),
    )
    known = [answer.status for answer in asked if answer.status is not None]
    known += service.replicas if service is not None else ()
    more = await _replicas(ledger, sorted(_named(known) - set(addresses)), timeout=timeout)
    return Overview(
        state=state,
        state_fault=state_fault,
        replicas=_once_each((*asked, *more)),
        service=service,
        service_fault=service_fault,
    )


async def _state(ledger: Ledger, *, timeout: float) -> tuple[LedgerState | None, str]:
    try:
        return await ledger.get(timeout=timeout), ""
    except LedgerError as error:
        fault = str(error)
    try:
        return await ledger.get(stale_ok=True, timeout=timeout), fault
    except LedgerError as error:
        return None, str(error)


async def _service(ledger: Ledger, *, timeout: float) -> tuple[ServiceStatus | None, str]:
    try:
        return await ledger.service_status(timeout=timeout), ""
    except LedgerError as error:
        return None, str(error)


async def _replicas(
    ledger: Ledger, addresses: Sequence[str], *, timeout: float
) -> tuple[ReplicaAnswer, ...]:
    async def ask(address: str) -> ReplicaAnswer:
        asked_us = time.time_ns() // 1000
        try:
            status = await ledger.replica_status(address, timeout=timeout)
        except LedgerError as error:
            return ReplicaAnswer(address=address, status=None, fault=str(error))
        clock = None
        if status.wall_clock_us:
            clock = compare_clocks(asked_us, status.wall_clock_us, time.time_ns() // 1000)
        return ReplicaAnswer(address=address, status=status, clock=clock)

    return tuple(await asyncio.gather(*(ask(address) for address in addresses)))


def _named(known: Iterable[ReplicaStatus]) -> set[str]:
    """Return the addresses that replicas give of themselves and of each other."""
    peers = {peer.address for status in known for peer in status.peers}
    return (peers | {status.primary_address for status in known}) - {""}


def _once_each(answers: Sequence[ReplicaAnswer]) -> tuple[ReplicaAnswer, ...]:
    # One replica can be known by two addresses: by name to the operator, by number to its peers.
    seen: set[str] = set()
    kept = []
    for answer in answers:
        replica_id = answer.status.replica_id if answer.status is not None else ""
        if replica_id and replica_id in seen:
            continue
        seen.add(replica_id)
        kept.append(answer)
    return tuple(
        sorted(kept, key=lambda answer: answer.status.replica_id if answer.status else "~")
    )
