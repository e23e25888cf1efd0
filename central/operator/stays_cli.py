"""`parkledger stays`: click only, then the questions, then the printing."""

import asyncio
import time
from datetime import tzinfo

import click

from central.ledger.interface import Ledger, LedgerRefused
from central.ledger.records import LotState, RecordedChange, SpotState
from central.operator.connecting import connected
from central.operator.instants import instant_of, zone_of
from central.operator.options import (
    answer_timeout_option,
    json_lines_option,
    ledger_option,
    spots_option,
)
from central.operator.stays_lines import (
    HOUR_TITLE,
    STAY_TITLE,
    Hour,
    Shown,
    hour_lines,
    hour_objects,
    stay_lines,
    stay_objects,
)
from central.stays.hours import Edges, counts_by_hour
from central.stays.stays import BRIDGE_S, limits_of, over_stay_s, stays_of
from central.stays.turnover import turnover
from node.address import Address
from node.errors import UsageError
from node.finite import FiniteRange
from node.identifiers import IdType
from node.values import frozen


@frozen
class WantedStays:
    """Which stays. Instants in microseconds since 1970 UTC; `zone` None: the lot's own."""

    lot_id: str
    spot_ids: tuple[str, ...]
    since: str
    until: str | None
    zone: str | None
    bridge_s: float
    over_limit: bool
    by_hour: bool
    as_json: bool
    timeout: float


@click.command()
@click.argument("lot", type=IdType("lot"))
@ledger_option
@spots_option
@click.option(
    "--since",
    default="24h",
    show_default=True,
    show_envvar=True,
    help="Stays that last at or after this time: 2026-11-22, 2026-11-22T14:00, or an age.",
)
@click.option(
    "--until",
    default=None,
    show_default="now",
    show_envvar=True,
    help="Stays that begin before this time.",
)
@click.option(
    "--over-limit",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Only stays longer than their zone's max_stay allows.",
)
@click.option(
    "--by-hour",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Turnover instead: arrivals, departures, occupied and unknown share of each hour.",
)
@click.option(
    "--bridge",
    type=FiniteRange(min=0),
    default=BRIDGE_S,
    show_default=True,
    show_envvar=True,
    help="Seconds of unknown that do not end a stay.",
)
@click.option(
    "--zone",
    default=None,
    show_default="the lot's",
    show_envvar=True,
    help="Time zone of what is written and read: an IANA name, or local for this machine's.",
)
@json_lines_option
@answer_timeout_option
def stays(
    lot: str,
    ledger: tuple[Address, ...],
    spot: tuple[str, ...],
    since: str,
    until: str | None,
    over_limit: bool,
    by_hour: bool,
    bridge: float,
    zone: str | None,
    json: bool,
    timeout: float,
) -> int:
    """Show how long each spot of a LOT was taken, and who stays too long.

    Worked out from the history each time, by the time of capture. '>' before a length: one end
    was not seen, so it is at least that.

    \b
      parkledger stays north --since 7d --over-limit
      parkledger stays north --since 2026-11-22 --by-hour
    """
    if over_limit and by_hour:
        raise UsageError("--over-limit and --by-hour ask for two different things: leave out one")
    wanted = WantedStays(
        lot_id=lot,
        spot_ids=spot,
        since=since,
        until=until,
        zone=zone,
        bridge_s=bridge,
        over_limit=over_limit,
        by_hour=by_hour,
        as_json=json,
        timeout=timeout,
    )
    if zone is not None:
        zone_of(zone)  # a typing error needs no ledger to be found

    async def ask() -> None:
        async with connected(ledger) as client:
            await print_stays(client, wanted, now_us=time.time_ns() // 1000)

    asyncio.run(ask())
    return 0


async def print_stays(ledger: Ledger, wanted: WantedStays, *, now_us: int) -> None:
    """Ask for the lot and its past, and print a line a stay or an hour."""
    try:
        state = await ledger.get([wanted.lot_id], with_layouts=True, timeout=wanted.timeout)
    except LedgerRefused as refusal:
        raise UsageError(str(refusal)) from refusal
    lot = state.lot(wanted.lot_id)
    if lot is None or lot.layout is None:
        raise UsageError(f"lot '{wanted.lot_id}' is not in the ledger: apply its layout first")
    zone = zone_of(wanted.zone or lot.layout.time_zone)
    since_us = instant_of("--since", wanted.since, zone=zone, now_us=now_us)
    until_us = now_us
    if wanted.until is not None:
        until_us = min(now_us, instant_of("--until", wanted.until, zone=zone, now_us=now_us))
    if since_us >= until_us:
        raise UsageError(
            f"--since {wanted.since} is not before --until {wanted.until or 'now'}: give the "
            "earlier first"
        )
    missing = set(wanted.spot_ids) - {spot.spot_id for spot in lot.spots}
    if missing:
        raise UsageError(f"--spot {min(missing)}: lot '{wanted.lot_id}' has no such spot")
    opening = await _opening(ledger, wanted, since_us)
    changes = await _changes(ledger, wanted, since_us=since_us, until_us=until_us)
    _print(lot, wanted, opening, changes, zone=zone, since_us=since_us, until_us=until_us)


async def _opening(ledger: Ledger, wanted: WantedStays, since_us: int) -> tuple[SpotState, ...]:
    """Return the spots as they stood at the beginning; none where the lot was not there yet."""
    state = await ledger.get([], as_of_us=since_us, timeout=wanted.timeout)
    lot = state.lot(wanted.lot_id)
    spots = () if lot is None else lot.spots
    return tuple(s for s in spots if not wanted.spot_ids or s.spot_id in wanted.spot_ids)


async def _changes(
    ledger: Ledger, wanted: WantedStays, *, since_us: int, until_us: int
) -> list[RecordedChange]:
    changes: list[RecordedChange] = []
    pages = ledger.history(
        wanted.lot_id,
        spot_ids=wanted.spot_ids,
        # Committed at the instant itself is in the opening state.
        since_us=since_us + 1,
        until_us=until_us,
        page_size=5000,
        timeout=wanted.timeout,
    )
    async for page in pages:
        changes += page.changes
    return changes


def _print(
    lot: LotState,
    wanted: WantedStays,
    opening: tuple[SpotState, ...],
    changes: list[RecordedChange],
    *,
    zone: tzinfo | None,
    since_us: int,
    until_us: int,
) -> None:
    assert lot.layout is not None
    found = stays_of(changes, opening=opening, bridge_s=wanted.bridge_s)
    if wanted.by_hour:
        spots = len(wanted.spot_ids) or len(lot.spots)
        moves = turnover(found, spots=spots, since_us=since_us, until_us=until_us, zone=zone)
        edges = Edges((*(move.begin_us for move in moves), until_us))
        counted = counts_by_hour(opening, changes, edges)
        hours = [Hour(*both) for both in zip(moves, counted, strict=True)]
        lines = hour_objects(lot.lot_id, hours) if wanted.as_json else hour_lines(hours, zone=zone)
        title = HOUR_TITLE
    else:
        limits = limits_of(lot.layout)
        if wanted.over_limit and not limits:
            raise UsageError(
                f"--over-limit: no zone of lot '{lot.lot_id}' has a limit; give it max_stay and "
                "apply the layout"
            )
        if wanted.over_limit:
            found = tuple(s for s in found if over_stay_s(s, limits, now_us=until_us) > 0)
        shown = Shown(limits=limits, now_us=until_us, zone=zone)
        lines = (
            stay_objects(lot.lot_id, found, shown) if wanted.as_json else stay_lines(found, shown)
        )
        title = STAY_TITLE
    texts = list(lines)
    if not texts and not wanted.as_json:
        click.echo(f"no such stay in lot '{lot.lot_id}' in that time", err=True)
    elif texts:
        click.echo("\n".join(texts if wanted.as_json else [title, *texts]))
