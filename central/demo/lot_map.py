"""A lot as coloured tiles, zone by zone; as squares where it is too large for tiles."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rich.text import Text

from central.layout.document import Layout, Spot
from central.ledger.records import Occupancy

# Free spots are what a person looks for: they shine, the others recede.
TILE_STYLES = {
    Occupancy.VACANT: "bold #06210f on #41c474",
    Occupancy.OCCUPIED: "#d9c3cc on #6a2c44",
    Occupancy.UNKNOWN: "#241b00 on #dba520",
}
# Shape tells what colour tells, for those who do not tell red from green.
SQUARES = {Occupancy.VACANT: "□", Occupancy.OCCUPIED: "■", Occupancy.UNKNOWN: "?"}
STYLES = {
    Occupancy.VACANT: "bold #41c474",
    Occupancy.OCCUPIED: "#b0527a",
    Occupancy.UNKNOWN: "bold #dba520",
}
_MARKS = {Occupancy.VACANT: " ", Occupancy.OCCUPIED: " ", Occupancy.UNKNOWN: "?"}


@dataclass(frozen=True)
class _ZoneRow:
    name: str
    spots: tuple[Spot, ...]


def lot_map(
    layout: Layout,
    spots: Mapping[str, Occupancy],
    *,
    width: int,
    height: int,
    fresh: frozenset[str] = frozenset(),
) -> Text:
    """Return the map in at most `width` columns and `height` lines.

    `fresh` are the spots that changed a moment ago: they are underlined.
    """
    rows = tuple(_rows(layout))
    label = max((len(row.name) for row in rows), default=0)
    tile = max(len(spot.spot_id) for spot in layout.spots) + 3
    lines = list(_tiled(rows, spots, fresh, label=label, per_line=(width - label - 1) // tile))
    if len(lines) > height:
        lines = list(_squared(rows, spots, fresh, label=label, per_line=width - label - 1))
    if len(lines) > height:
        lines = [*lines[: height - 1], Text(f"… {len(layout.spots)} spots", style="dim")]
    return Text("\n").join(lines)


def _rows(layout: Layout) -> Iterator[_ZoneRow]:
    for zone in layout.zones:
        spots = tuple(spot for spot in layout.spots if spot.zone_id == zone.zone_id)
        if spots:
            yield _ZoneRow(name=zone.name or zone.zone_id, spots=spots)
    free = tuple(spot for spot in layout.spots if not spot.zone_id)
    if free:
        yield _ZoneRow(name="", spots=free)


def _lines(rows: tuple[_ZoneRow, ...], *, label: int, per_line: int) -> Iterator[_ZoneRow]:
    step = max(1, per_line)
    for row in rows:
        for start in range(0, len(row.spots), step):
            name = row.name if start == 0 else ""
            yield _ZoneRow(name=name.ljust(label), spots=row.spots[start : start + step])


def _tiled(
    rows: tuple[_ZoneRow, ...],
    spots: Mapping[str, Occupancy],
    fresh: frozenset[str],
    *,
    label: int,
    per_line: int,
) -> Iterator[Text]:
    width = max((len(spot.spot_id) for row in rows for spot in row.spots), default=0)
    for line in _lines(rows, label=label, per_line=per_line):
        text = Text(f"{line.name} ", style="bold")
        for spot in line.spots:
            occupancy = spots.get(spot.spot_id, Occupancy.UNKNOWN)
            style = TILE_STYLES[occupancy]
            text.append(" ", style=style)
            text.append(
                spot.spot_id.center(width),
                style=f"{style} underline" if spot.spot_id in fresh else style,
            )
            text.append(_MARKS[occupancy], style=style)
            text.append(" ", style="default")
        yield text


def _squared(
    rows: tuple[_ZoneRow, ...],
    spots: Mapping[str, Occupancy],
    fresh: frozenset[str],
    *,
    label: int,
    per_line: int,
) -> Iterator[Text]:
    for line in _lines(rows, label=label, per_line=per_line):
        text = Text(f"{line.name} ", style="bold")
        for spot in line.spots:
            occupancy = spots.get(spot.spot_id, Occupancy.UNKNOWN)
            style = STYLES[occupancy]
            text.append(
                SQUARES[occupancy],
                style=f"{style} underline" if spot.spot_id in fresh else style,
            )
        yield text
