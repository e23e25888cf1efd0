"""`parkledger history`: click only, then the questions, then the printing."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

import click

from central.ledger.interface import Audited, Ledger, LedgerRefused
from central.ledger.proof import proof_to_json
from central.operator.connecting import connected
from central.operator.history_lines import (
    CHANGE_TITLE,
    change_lines,
    change_objects,
    state_lines,
    state_objects,
)
from central.operator.instants import instant_of, text_of, zone_of
from central.operator.options import (
    answer_timeout_option,
    json_lines_option,
    ledger_option,
    spots_option,
)
from node.address import Address
from node.errors import UsageError
from node.identifiers import IdType
from node.values import frozen

if TYPE_CHECKING:
    pass


@frozen
class Wanted:
    """Which part of a lot's past. Instants in microseconds since 1970 UTC; None: no limit."""

    lot_id: str
    spot_ids: tuple[str, ...]
    since_us: int | None
    until_us: int | None
    zone: tzinfo | None
    as_json: bool
    timeout: float


@click.command()
@click.argument("lot", type=IdType("lot"))
@ledger_option
@spots_option
@click.option(
    "--since",
    show_default="the beginning",
    show_envvar=True,
    help="Committed at or after this time: 2026-11-22, 2026-11-22T14:00, or an age such as 6h.",
)
@click.option(
    "--until",
    show_default="now",
    show_envvar=True,
    help="Committed before this time.",
)
@click.option(
    "--as-of",
    show_default="none",
    show_envvar=True,
    help="Instead of changes: every spot as it stood at this time.",
)
@click.option(
    "--zone",
    default="UTC",
    show_default=True,
    show_envvar=True,
    help="Time zone of what is written and read: an IANA name, or local for this machine's.",
)
@json_lines_option
@click.option(
    "--proof",
    type=click.IntRange(min=1),
    show_default="none",
    show_envvar=True,
    help="Instead of changes: what proves the entry of this index, for 'parkledger verify'.",
)
@click.option(
    "--proof-at",
    type=click.IntRange(min=1),
    show_default="the last applied index",
    show_envvar=True,
    help="Prove it against the head at this index.",
)
@answer_timeout_option
def history(
    lot: str,
    ledger: tuple[Address, ...],
    spot: tuple[str, ...],
    since: str | None,
    until: str | None,
    as_of: str | None,
    zone: str,
    json: bool,
    proof: int | None,
    proof_at: int | None,
    timeout: float,
) -> int:
    """Show what changed in a LOT, and when; or how it stood at a time in the past.

    Times are those of the commit: what the ledger said at a time never changes afterwards. What
    was not known then is unknown.

    \b
      parkledger history north --spot A07 --since 2d --zone Europe/Berlin
      parkledger history north --as-of 2026-11-22T14:00 --json
      parkledger history north --proof 1207 > entry.json
    """
    _check_together(as_of, any((since, until)), "--as-of", "--since or --until")
    _check_together(proof, any((since, until, as_of, spot, json)), "--proof", "all but --proof-at")
    if proof_at is not None and proof is None:
        raise UsageError(f"--proof-at {proof_at} needs --proof INDEX")
    where, now_us = zone_of(zone), time.time_ns() // 1000

    def instant(option: str, text: str | None) -> int | None:
        return None if text is None else instant_of(option, text, zone=where, now_us=now_us)

    wanted = Wanted(
        lot_id=lot,
        spot_ids=spot,
        since_us=instant("--since", since),
        until_us=instant("--until", until),
        zone=where,
        as_json=json,
        timeout=timeout,
    )
    if wanted.since_us and wanted.until_us and wanted.since_us >= wanted.until_us:
        raise UsageError(f"--since {since} is not before --until {until}: give the earlier first")
    then = instant("--as-of", as_of)
    if then is not None and then > now_us:
        raise UsageError(f"--as-of {as_of} is in the future: give a time that is over")
    _ask(ledger, wanted, then=then, proof=proof, proof_at=proof_at)
    return 0


def _ask(
    ledger: tuple[Address, ...],
    wanted: Wanted,
    *,
    then: int | None,
    proof: int | None,
    proof_at: int | None,
) -> None:
    async def ask() -> None:
        async with connected(ledger) as client:
            if proof is not None:
                await print_proof(client, wanted, proof, head_index=proof_at or 0)
            elif then is not None:
                await print_state(client, wanted, then)
            else:
                await print_changes(client, wanted)

    try:
        asyncio.run(ask())
    except BrokenPipeError:
        # `parkledger history north | head`: leave quietly, and keep Python's own flush quiet too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def print_changes(ledger: Ledger, wanted: Wanted) -> None:
    """Print a line a change as the pages come."""
    pages = ledger.history(
        wanted.lot_id,
        spot_ids=wanted.spot_ids,
        since_us=wanted.since_us,
        until_us=wanted.until_us,
        timeout=wanted.timeout,
    )
    any_yet = False
    try:
        async for page in pages:
            if wanted.as_json:
                _print(list(change_objects(page)))
                continue
            if (page.changes or page.cameras) and not any_yet:
                click.echo(CHANGE_TITLE)
                any_yet = True
            _print(list(change_lines(page, zone=wanted.zone)))
    except LedgerRefused as refusal:
        raise UsageError(str(refusal)) from refusal
    since_us, dropped_us = wanted.since_us or 0, page.dropped_until_us
    if since_us <= dropped_us and dropped_us:
        until = text_of(dropped_us, zone=wanted.zone)
        click.echo(f"history up to {until} has been dropped, as the ledger was told to", err=True)
    if not any_yet and not wanted.as_json:
        click.echo(f"no change of lot '{wanted.lot_id}' in that time", err=True)


async def print_state(ledger: Ledger, wanted: Wanted, instant_us: int) -> None:
    """Print a line a spot as it stood at an instant."""
    try:
        state = await ledger.get([wanted.lot_id], as_of_us=instant_us, timeout=wanted.timeout)
    except LedgerRefused as refusal:
        raise UsageError(str(refusal)) from refusal
    (lot,) = state.lots
    spots = [spot for spot in lot.spots if not wanted.spot_ids or spot.spot_id in wanted.spot_ids]
    instant = text_of(instant_us, zone=wanted.zone)
    missing = set(wanted.spot_ids) - {spot.spot_id for spot in spots}
    if missing:
        raise UsageError(
            f"--spot {min(missing)}: lot '{wanted.lot_id}' had no such spot as of {instant}"
        )
    if wanted.as_json:
        _print(list(state_objects(lot, spots, instant_us=instant_us, index=state.index)))
    else:
        _print(list(state_lines(lot, spots, instant=instant, index=state.index, zone=wanted.zone)))


async def print_proof(client: Audited, wanted: Wanted, index: int, *, head_index: int) -> None:
    """Print what proves one entry, if it has to do with the lot."""
    try:
        proof = await client.proof(index, head_index=head_index, timeout=wanted.timeout)
    except LedgerRefused as refusal:
        raise UsageError(f"--proof {index}: {refusal}") from refusal
    changes, layouts, counts, *cameras = json.loads(proof.link.rows)
    # Column 0 of a change is its ordinal, its lot comes second; the others begin with the lot.
    lots = {row[1] for table in (changes, *cameras) for row in table}
    lots |= {row[0] for row in (*layouts, *counts)}
    if wanted.lot_id not in lots:
        named = f"only '{', '.join(sorted(lots))}'" if lots else "nothing"
        raise UsageError(f"--proof {index}: that entry changed {named}, not '{wanted.lot_id}'")
    click.echo(proof_to_json(proof))


def _print(lines: Sequence[str]) -> None:
    if lines:
        click.echo("\n".join(lines))


def _check_together(one: object, others: bool, name: str, names: str) -> None:
    if one is not None and others:
        raise UsageError(f"{name} stands by itself: leave out {names}")
