"""Changes of the group as an operator follows them, and members as lines."""

import asyncio
from collections.abc import AsyncIterator

from central.ledger.interface import LedgerGroup, LedgerUnavailable
from central.ledger.records import Member, MemberRole, Members
from node.errors import OperationError

POLL_S = 0.2


async def add(
    ledger: LedgerGroup, replica_id: str, address: str, *, timeout: float
) -> AsyncIterator[str]:
    """Add a replica and wait until it votes; yield lines for a person as it catches up.

    timeout: seconds for all of it. Raises OperationError saying how to look further; the replica
    stays a member then, and goes on catching up.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    changed = await ledger.add_member(replica_id, address, timeout=timeout)
    yield f"{replica_id}: {'added' if changed else 'a member already'}, at {address}"
    shown, member = "", None
    while (left := deadline - loop.time()) > 0:
        try:
            members = await ledger.members(timeout=left)
        except LedgerUnavailable:
            break
        member = members.member(replica_id)
        if member is None:
            raise OperationError(f"replica '{replica_id}' was removed again meanwhile: add it anew")
        if member.role is MemberRole.VOTER and members.committed:
            yield f"{replica_id}: a voter; {strength(members)}"
            return
        line = f"{replica_id}: not committed yet as a voter"
        if member.role is MemberRole.LEARNER:
            line = f"{replica_id}: a learner, holds {member.match_index} of "
            line += str(members.last_log_index)
        if line != shown:
            yield line
            shown = line
        await asyncio.sleep(min(POLL_S, max(left, 0)))
    raise OperationError(_not_yet(replica_id, address, member, timeout=timeout))


async def remove(ledger: LedgerGroup, replica_id: str, *, timeout: float) -> str:
    """Remove a member; return a line for a person. Raises OperationError if it is none."""
    known = await ledger.members(timeout=timeout)
    if known.member(replica_id) is None:
        raise OperationError(
            f"replica '{replica_id}' is no member: the members are "
            f"{', '.join(one.replica_id for one in known.members)}"
        )
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
                "primary" if primary else one.role.name.lower(),
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
                "match_index": one.match_index,
                "last_heard_us": None if one.last_heard_us < 0 else one.last_heard_us,
            }
            for one in members.members
        ],
    }


def heard(us: int) -> str:
    """Say how long ago a member was heard."""
    return "never" if us < 0 else f"{us / 1e6:.1f} s ago"


def _not_yet(replica_id: str, address: str, member: Member | None, *, timeout: float) -> str:
    state = "the primary cannot be asked"
    if member is not None:
        state = f"it holds entry {member.match_index} and was heard {heard(member.last_heard_us)}"
    return (
        f"replica '{replica_id}' does not vote yet after {timeout:g} s ({state}): it goes on by "
        f"itself; look at 'parkledger members list', at its own log, and whether it and the other "
        f"members reach each other at {address}"
    )
