"""Whether all replicas of a running ledger hold the same, and each the history that it chained.

The ledger goes on meanwhile: what is dropped while it is read is begun again at the newer cut.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from itertools import combinations
from typing import Protocol

from central.ledger.interface import Audited, HistoryDropped, Ledger
from central.ledger.merkle import Frontier
from central.ledger.proof import Head, Link, first_difference
from central.ledger.upkeep.verify import Mismatch
from node.errors import OperationError
from node.values import frozen

COMPARED_EVERY = 1000  # links after which what was computed is compared with the replica's own head
MOST_TRIES = 5
"""Times that reading is begun because what was to be read next had just been dropped."""


@frozen
class VerifiedLedger:
    """Each replica's head at one index, and what of the history before it was there to read.

    dropped: up to where a replica had dropped its history, 0 where none had. meanwhile: whether
    some of that went while it was read, so that reading was begun again.
    """

    heads: tuple[Head, ...]
    dropped: int
    meanwhile: bool


class AuditedLedger(Ledger, Audited, Protocol):
    """A ledger that tells what an auditor asks."""


@frozen
class _Audit:
    client: AuditedLedger
    timeout: float

    async def head(self, address: str, index: int = 0) -> Head:
        return await self.client.head(address, index=index, timeout=self.timeout)


async def verify_ledger(
    client: AuditedLedger,
    addresses: Sequence[str],
    *,
    against: Head | None = None,
    timeout: float = 10.0,
) -> VerifiedLedger:
    """Compare all replicas at one index and compute each one's history again up to there.

    `addresses` are HOST:PORT of some; the others are found through them. Raises LedgerUnavailable
    if one does not answer, Mismatch naming replicas and index, OperationError if `against` is not
    applied everywhere or was dropped, or if history is dropped faster than it can be read.
    """
    audit = _Audit(client, timeout)
    everybody = await _everybody(client, addresses, timeout=timeout)
    for tries in range(1, MOST_TRIES + 1):
        with suppress(HistoryDropped):
            heads = await _compared(audit, everybody, against)
            read = [await _recompute(audit, address, head) for address, head in heads.items()]
            meanwhile = tries > 1 or any(begun > 1 for _, begun in read)
            return VerifiedLedger(
                tuple(heads.values()), max(dropped for dropped, _ in read), meanwhile
            )
    raise OperationError(
        "history is dropped faster than it can be read: let more of it be kept (ledger "
        "--keep-history), or verify a copy (parkledger backup, then restore --check)"
    )


async def _compared(
    audit: _Audit, everybody: Sequence[str], against: Head | None
) -> dict[str, Head]:
    """Return each replica's head at the last index that all have applied: they are the same."""
    last = await asyncio.gather(*(audit.head(address) for address in everybody))
    index = min(head.index for head in last)
    if against is not None and against.index > index:
        raise OperationError(f"--against {against}: not every replica has applied that: {index} is")
    heads = await asyncio.gather(*(audit.head(address, index) for address in everybody))
    named = dict(zip(everybody, heads, strict=True))
    await _compare(audit, named, index)
    if against is not None:
        for address in everybody:
            await _check_against(audit, address, against)
    return named


async def _check_against(audit: _Audit, address: str, against: Head) -> None:
    try:
        own = await audit.head(address, against.index)
    except HistoryDropped as dropped:
        raise OperationError(f"--against {against}: {dropped}") from dropped
    if own.digest != against.digest:
        raise Mismatch(
            f"replica '{own.replica_id}': its head is {own}, not {against}: its history up "
            "to there is another one"
        )


async def _everybody(
    client: AuditedLedger, addresses: Sequence[str], *, timeout: float
) -> list[str]:
    """Return one address of each replica that the given ones know, themselves included."""
    by_id: dict[str, str] = {}
    waiting, asked, found = list(dict.fromkeys(addresses)), set[str](), False
    while waiting:
        address = waiting.pop(0)
        asked.add(address)
        status = await client.replica_status(address, timeout=timeout)
        by_id.setdefault(status.replica_id, address)
        found = found or status.primary  # only the primary names all of them
        named = [(peer.replica_id, peer.address) for peer in status.peers]
        named.append((status.primary_id, status.primary_address))
        for replica_id, other in named:
            if other and replica_id not in by_id and other not in (*asked, *waiting):
                waiting.append(other)
    if not found:
        raise OperationError(
            f"there is no primary at {', '.join(asked)} just now, so that not all replicas can be "
            "found: see that a majority runs, then try again"
        )
    return [address for _, address in sorted(by_id.items())]


async def _compare(audit: _Audit, heads: dict[str, Head], index: int) -> None:
    for (one, head), (other, other_head) in combinations(heads.items(), 2):
        if head.format != other_head.format:
            raise OperationError(
                f"replicas '{head.replica_id}' and '{other_head.replica_id}' hash differently "
                f"(format {head.format} and {other_head.format}): upgrade the older one"
            )
        if head.digest != other_head.digest:

            async def ours(at: int, address: str = one) -> bytes:
                return (await audit.head(address, at)).digest

            async def theirs(at: int, address: str = other) -> bytes:
                return (await audit.head(address, at)).digest

            kept = [
                (await audit.client.checkpoint(address, timeout=audit.timeout)).size
                for address in (one, other)
            ]
            first = await first_difference(ours, theirs, low=max(kept), high=index)
            raise Mismatch(
                f"replicas '{head.replica_id}' and '{other_head.replica_id}' differ from index "
                f"{first} on: stop both and look with 'parkledger verify --data' which is damaged"
            )


async def _recompute(audit: _Audit, address: str, head: Head) -> tuple[int, int]:
    """Compute what a replica keeps of its history again, up to a head.

    Returns up to where it had been dropped, and how often reading was begun. Raises HistoryDropped
    if it was dropped before it could be read each time, or up to the head.
    """
    for tries in range(1, MOST_TRIES + 1):
        frontier = await audit.client.checkpoint(address, timeout=audit.timeout)
        dropped = frontier.size
        if dropped > head.index:
            break
        with suppress(HistoryDropped):
            await _compute(audit, address, head, frontier)
            return dropped, tries
    raise HistoryDropped(f"replica '{head.replica_id}' has dropped what was to be read")


async def _compute(audit: _Audit, address: str, head: Head, frontier: Frontier) -> None:
    """Compute the links after `frontier` again; HistoryDropped if one was dropped meanwhile."""
    if frontier.size and frontier.root() != (await audit.head(address, frontier.size)).digest:
        raise Mismatch(
            f"replica '{head.replica_id}': the tree over what it dropped, 1 to {frontier.size}, "
            "does not fit its head there"
        )
    part: list[Link] = []
    async for link in _up_to(audit, address, after=frontier.size, index=head.index):
        part.append(link)
        if len(part) == COMPARED_EVERY:
            frontier = await _take(audit, address, head, frontier, part)
            part = []
    frontier = await _take(audit, address, head, frontier, part)
    if frontier.size != head.index:
        raise Mismatch(
            f"replica '{head.replica_id}': index {frontier.size + 1} is missing from its history"
        )


async def _take(
    audit: _Audit, address: str, head: Head, frontier: Frontier, part: Sequence[Link]
) -> Frontier:
    """Return the tree grown by links; raises Mismatch at the first that its replica did not chain.

    One head is asked for all of them, and each one's own only if that does not fit.
    """
    grown = frontier.copy()
    for link in part:
        grown.append(link.leaf())
    if grown.root() == (await audit.head(address, grown.size)).digest:
        return grown
    for link in part:
        frontier.append(link.leaf())
        own = await audit.head(address, frontier.size)
        if link.index != frontier.size or own.digest != frontier.root():
            raise Mismatch(
                f"replica '{head.replica_id}': index {frontier.size} does not fit: what its "
                "history says is not what was chained"
            )
    return frontier


async def _up_to(audit: _Audit, address: str, *, after: int, index: int) -> AsyncIterator[Link]:
    async for link in audit.client.links(address, after_index=after, timeout=audit.timeout):
        if link.index > index:
            return
        yield link
