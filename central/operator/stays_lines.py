"""PURE: stays and turnover as lines, for a person or as JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo

from central.operator.instants import text_of
from central.stays.hours import HourOfCounts
from central.stays.stays import Stay, over_stay_s
from central.stays.turnover import HourOfTurnover
from node.values import frozen

STAY_TITLE = f"{'spot':<10} {'from':<29} {'until':<29} {'length':>11} {'over':>10}"
HOUR_TITLE = (
    f"{'hour':<29} {'arrivals':>8} {'departures':>10} {'per spot':>8} {'occupied':>8} "
    f"{'unknown':>8}"
)


@frozen
class Shown:
    """What goes with stays when they are shown. `limits`: seconds, by spot."""

    limits: Mapping[str, int]
    now_us: int  # up to when a stay that lasts is counted
    zone: tzinfo | None


def length_text(seconds: float) -> str:
    """Return a length as hours, minutes and seconds: 1:02:05."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def stay_lines(stays: Iterable[Stay], shown: Shown) -> Iterator[str]:
    """Yield a line a stay, to stand under `STAY_TITLE`; '>' marks a length not wholly seen."""
    for stay in stays:
        until = "still taken" if stay.ended_us is None else text_of(stay.ended_us, zone=shown.zone)
        least = "" if stay.began_seen and stay.ended_seen else ">"
        length = least + length_text(stay.seconds(now_us=shown.now_us))
        over = over_stay_s(stay, shown.limits, now_us=shown.now_us)
        yield (
            f"{stay.spot_id:<10} {text_of(stay.began_us, zone=shown.zone):<29} {until:<29} "
            f"{length:>11} {length_text(over) if over else '-':>10}"
        )


def stay_objects(lot_id: str, stays: Iterable[Stay], shown: Shown) -> Iterator[str]:
    """Yield a JSON object a stay."""
    for stay in stays:
        yield json.dumps(
            {
                "lot": lot_id,
                "spot": stay.spot_id,
                "began_us": stay.began_us,
                "ended_us": stay.ended_us,
                "began_seen": stay.began_seen,
                "ended_seen": stay.ended_seen,
                "seconds": stay.seconds(now_us=shown.now_us),
                "limit_s": shown.limits.get(stay.spot_id),
                "over_s": over_stay_s(stay, shown.limits, now_us=shown.now_us),
            }
        )


@frozen
class Hour:
    """An hour's turnover, and its counts, which tell how much of it nobody knows."""

    turnover: HourOfTurnover
    counts: HourOfCounts

    @property
    def unknown_share(self) -> float:
        """The share of the spots' time that is neither known nor bridged by a stay."""
        turnover, counts = self.turnover, self.counts
        known = (counts.occupied + counts.vacant) / turnover.spots if turnover.spots else 0.0
        return max(0.0, min(1.0 - known, 1.0 - turnover.occupied_share))


def hour_lines(hours: Iterable[Hour], *, zone: tzinfo | None) -> Iterator[str]:
    """Yield a line an hour, to stand under `HOUR_TITLE`."""
    for one in hours:
        hour = one.turnover
        yield (
            f"{text_of(hour.begin_us, zone=zone):<29} {hour.arrivals:>8} {hour.departures:>10} "
            f"{hour.per_spot:>8.2f} {hour.occupied_share:>8.1%} {one.unknown_share:>8.1%}"
        )


def hour_objects(lot_id: str, hours: Iterable[Hour]) -> Iterator[str]:
    """Yield a JSON object an hour."""
    for one in hours:
        hour = one.turnover
        yield json.dumps(
            {
                "lot": lot_id,
                "begin_us": hour.begin_us,
                "end_us": hour.end_us,
                "arrivals": hour.arrivals,
                "departures": hour.departures,
                "spots": hour.spots,
                "arrivals_per_spot": hour.per_spot,
                "occupied_share": hour.occupied_share,
                "unknown_share": one.unknown_share,
            }
        )
