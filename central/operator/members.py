"""Changes of the group as an operator follows them, and members as lines."""

import asyncio
from collections.abc import AsyncIterator

from central.ledger.interface import LedgerGroup, LedgerUnavailable
from central.ledger.records import Member, MemberRole, Members
from node.errors import OperationError
from node.values import frozen

POLL_S = 0.2


async def add(
    ledger: LedgerGroup, replica_id: str, address: str, *, stays_learner: bool, timeout: float
) -> AsyncIterator[str]:
    """Add a replica and wait until it votes, or learns if it is to stay a learner.

    Yields lines for a person as it catches up. timeout: seconds for all of it. Raises
    OperationError saying how to look further; the replica stays a member then, and goes on
    catching up.
    """
    wait = _Wait.begin(timeout)
    changed = await ledger.add_member(
        replica_id, address, stays_learner=stays_learner, timeout=timeout
    )
    yield f"{replica_id}: {'added' if changed else 'a member already'}, at {address}"
    async for line in _follow(ledger, replica_id, wait, stays_learner=stays_learner):
        yield line


async def promote(ledger: LedgerGroup, replica_id: str, *, timeout: float) -> AsyncIterator[str]:
    """Let a learner become a voter, and wait until it is; as `add`."""
    wait = _Wait.begin(timeout)
    await _member(ledger, replica_id, timeout=timeout)
    changed = await ledger.promote_member(replica_id, timeout=timeout)
    if changed:
        yield f"{replica_id}: need not stay a learner any more"
    async for line in _follow(ledger, replica_id, wait, stays_learner=False):
        yield line


@frozen
class _Wait:
    """How long a person waits, in seconds, and until when by the loop's clock."""

    seconds: float
    until: float

    @classmethod
    def begin(cls, seconds: float) -> "_Wait":
        return cls(seconds, asyncio.get_running_loop().time() + seconds)

    @property
    def left(self) -> float:
        return self.until - asyncio.get_running_loop().time()


async def _follow(
    ledger: LedgerGroup, replica_id: str, wait: _Wait, *, stays_learner: bool
) -> AsyncIterator[str]:
    shown, member = "", None
    while (left := wait.left) > 0:
        try:
            members = await ledger.members(timeout=left)
        except LedgerUnavailable:
            break
        member = members.member(replica_id)
        if member is None:
            raise OperationError(f"replica '{replica_id}' was removed again meanwhile: add it anew")
        line = _progress(member, members)
        if line != shown:
            yield line
            shown = line
        holds_all = stays_learner and member.match_index == members.last_log_index
        if members.committed and (member.role is MemberRole.VOTER or holds_all):
            return
        if member.stays and not stays_learner:
            raise OperationError(
                f"replica '{replica_id}' is to stay a learner: let it vote with 'parkledger "
                f"members promote {replica_id}'"
            )
        await asyncio.sleep(min(POLL_S, max(left, 0)))
    raise OperationError(
        _not_yet(replica_id, member, timeout=wait.seconds, votes=not stays_learner)
    )


def _progress(member: Member, members: Members) -> str:
    """Say what has become of a newcomer."""
    name = member.replica_id
    if member.role is MemberRole.VOTER and members.committed:
        return f"{name}: a voter; {strength(members)}"
    if member.role is MemberRole.VOTER:
        return f"{name}: not committed yet as a voter"
    stays = "a learner, stays one" if member.stays else "a learner"
    return f"{name}: {stays}, holds {member.match_index} of {members.last_log_index}"


async def _member(ledger: LedgerGroup, replica_id: str, *, timeout: float) -> None:
    """Raise OperationError if a replica is no member."""
    known = await ledger.members(timeout=timeout)
    if known.member(replica_id) is None:
        raise OperationError(
            f"replica '{replica_id}' is no member: the members are "
            f"{', '.join(one.replica_id for one in known.members)}"
        )


async def remove(ledger: LedgerGroup, replica_id: str, *, timeout: float) -> str:
    """Remove a member; return a line for a person. Raises OperationError if it is none."""
    await _member(ledger, replica_id, timeout=timeout)
    await ledger.remove_member(replica_id, timeout=timeout)
    left = await ledger.members(timeout=timeout)
    return f"{replica_id}: removed, stop it now and delete its data; {strength(left)}"


async def transfer(ledger: LedgerGroup, replica_id: str, *, timeout: float) -> str:
    """Let another voter lead; return a line for a person. Raises OperationError if none does."""
    before = (await ledger.members(timeout=timeout)).primary_id
    if replica_id == before:
        return f"{before}: is the primary already"
    await ledger.transfer(replica_id, timeout=timeout)
    now = (await ledger.members(timeout=timeout)).primary_id
    if now == before or replica_id not in ("", now):
        raise OperationError(
            f"replica '{replica_id or 'another'}' did not take over, '{now}' is the primary: look "
            "at 'parkledger members list', and try again"
        )
    return f"{now}: is the primary now, after {before}"


def strength(members: Members) -> str:
    """Say how many voters there are and how many of them may fail."""
    voters = sum(one.role is MemberRole.VOTER for one in members.members)
    spare = (voters - 1) // 2
    if spare == 0:
        survives = "the group survives the loss of none"
    else:
        survives = f"the group survives the loss of {spare}"
    return f"{voters} {'voter' if voters == 1 else 'voters'}, {survives}"


def member_lines(members: Members) -> list[str]:
    """Return a table of the members as lines."""
    rows = [("replica", "address", "role", "holds", "lag", "heard")]
    for one in members.members:
        primary = one.replica_id == members.primary_id
        rows.append(
            (
                one.replica_id,
                one.address,
                "primary" if primary else _role(one),
                str(one.match_index),
                str(members.last_log_index - one.match_index),
                "" if primary else heard(one.last_heard_us),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    change = "" if members.committed else " (a change is not committed yet)"
    return [*lines, f"cluster {members.cluster_id}: {strength(members)}{change}"]


def members_object(members: Members) -> dict[str, object]:
    """Return what `parkledger members list --json` prints."""
    return {
        "cluster": members.cluster_id,
        "primary": members.primary_id,
        "last_log_index": members.last_log_index,
        "committed": members.committed,
        "members": [
            {
                "replica": one.replica_id,
                "address": one.address,
                "role": one.role.name.lower(),
                "stays": one.stays,
                "match_index": one.match_index,
                "last_heard_us": None if one.last_heard_us < 0 else one.last_heard_us,
            }
            for one in members.members
        ],
    }


def _role(member: Member) -> str:
    return f"{member.role.name.lower()}{', stays' if member.stays else ''}"


def heard(us: int) -> str:
    """Say how long ago a member was heard."""
    return "never" if us < 0 else f"{us / 1e6:.1f} s ago"


def _not_yet(replica_id: str, member: Member | None, *, timeout: float, votes: bool) -> str:
    state, at = "the primary cannot be asked", "their addresses"
    if member is not None:
        state = f"it holds entry {member.match_index} and was heard {heard(member.last_heard_us)}"
        at = member.address
    return (
        f"replica '{replica_id}' does not {'vote' if votes else 'hold everything'} yet after "
        f"{timeout:g} s ({state}): it goes on by itself; look at 'parkledger members list', at its "
        f"own log, and whether it and the other members reach each other at {at}"
    )
