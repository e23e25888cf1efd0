"""The lot as tiles or squares."""

from central.demo.lot_map import SQUARES, TILE_STYLES, lot_map
from central.layout.document import Spot
from central.ledger.records import Occupancy
from tests.central.demo.boards import layout

VACANT, OCCUPIED, UNKNOWN = Occupancy.VACANT, Occupancy.OCCUPIED, Occupancy.UNKNOWN


def test_a_zone_a_line_with_a_tile_a_spot() -> None:
    shown = lot_map(layout(), {"A01": VACANT, "A02": OCCUPIED}, width=60, height=8)
    assert shown.plain.splitlines() == [
        "Row A  A01   A02   A03? ",
        "Row B  B01?  B02?  B03? ",
    ]
    styles = {shown.plain[span.start : span.end].strip(): str(span.style) for span in shown.spans}
    assert styles["A01"] == TILE_STYLES[VACANT]
    assert styles["A02"] == TILE_STYLES[OCCUPIED]
    assert styles["A03"] == TILE_STYLES[UNKNOWN]


def test_a_fresh_change_is_underlined() -> None:
    shown = lot_map(layout(), {}, width=60, height=8, fresh=frozenset({"A02"}))
    underlined = [
        shown.plain[span.start : span.end] for span in shown.spans if "underline" in str(span.style)
    ]
    assert underlined == ["A02"]


def test_a_row_too_long_for_a_line_goes_on_in_the_next() -> None:
    shown = lot_map(layout(rows=1, columns=10), {}, width=36, height=8).plain.splitlines()
    assert [line.split()[0] for line in shown] == ["Row", "A06?"]
    assert max(map(len, shown)) <= 36


def test_a_large_lot_is_squares_whose_shape_tells_the_state() -> None:
    large = layout(rows=10, columns=40, zones=False)
    spots = dict.fromkeys((spot.spot_id for spot in large.spots), VACANT) | {"A02": OCCUPIED}
    del spots["A03"]
    shown = lot_map(large, spots, width=76, height=8).plain.splitlines()
    assert len(shown) <= 8
    assert max(map(len, shown)) <= 76
    vacant, occupied, unknown = (SQUARES[state] for state in (VACANT, OCCUPIED, UNKNOWN))
    assert shown[0].strip().startswith(f"{vacant}{occupied}{unknown}{vacant}")
    assert sum(line.count(vacant) for line in shown) == 398


def test_a_lot_too_large_even_for_that_says_how_large() -> None:
    shown = lot_map(layout(rows=10, columns=40), {}, width=30, height=4).plain.splitlines()
    assert len(shown) == 4
    assert shown[-1] == "… 400 spots"


def test_spots_of_no_zone_come_last() -> None:
    of = layout(rows=1, columns=1)
    mixed = type(of)(
        lot_id=of.lot_id, zones=of.zones, spots=(Spot("X1"), *of.spots), cameras=of.cameras
    )
    shown = lot_map(mixed, {}, width=60, height=8).plain.splitlines()
    assert [line.split()[-1] for line in shown] == ["A01?", "X1?"]
