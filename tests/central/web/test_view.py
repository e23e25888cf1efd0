"""The view: what one watch tells, put together, is what a read would have said."""

from central.ledger.records import (
    CameraChange,
    CameraCondition,
    CameraState,
    CountChange,
    LayoutChange,
    LedgerEvent,
    LedgerState,
    LotCount,
    LotState,
    Occupancy,
    OccupancyChange,
    SpotState,
)
from central.web.view import View
from central.web.vouching import DOUBT, Vouching
from tests.central.ledger.samples import OCCUPIED, UNKNOWN, VACANT, layout


def lot(lot_id: str = "north", *, version: int = 1, state: Occupancy = UNKNOWN) -> LotState:
    document = layout(lot_id)
    spots = tuple(SpotState(spot.spot_id, state, 0, "", 0) for spot in document.spots)
    return LotState(lot_id, "North", version, spots, layout=document)


def change(spot_id: str, state: Occupancy, lot_id: str = "north") -> OccupancyChange:
    return OccupancyChange(lot_id, spot_id, UNKNOWN, state, 9_000, "near", 7, 1, "m")


def view(index: int = 10) -> View:
    return View.of(LedgerState(index, 0, (lot(), lot("south"))))


def states(seen: View, lot_id: str = "north") -> list[Occupancy]:
    return [spot.occupancy for spot in seen.lots[lot_id].state.spots]


def test_a_change_touches_its_spot_and_its_lot_only() -> None:
    before = view()
    after = before.advanced(LedgerEvent(11, 500, changes=(change("A1", OCCUPIED),)))
    assert (after.index, after.committed_at_us) == (11, 500)
    assert states(after) == [OCCUPIED, UNKNOWN]
    spot = after.lots["north"].state.spots[0]
    assert (spot.confidence, spot.camera_id, spot.since_us) == (9_000, "near", 7)
    assert (spot.layout_version, spot.model) == (1, "m")
    assert after.lots["south"] is before.lots["south"]
    assert (after.lots["north"].index, after.lots["south"].index) == (11, 10)
    assert states(before) == [UNKNOWN, UNKNOWN]


def test_what_is_old_changes_nothing() -> None:
    seen = view()
    assert seen.advanced(LedgerEvent(10, 1, changes=(change("A1", OCCUPIED),))) is seen


def test_an_event_without_changes_only_tells_how_far() -> None:
    seen = view().advanced(LedgerEvent(11, 500)).advanced(LedgerEvent(12, 0))
    assert (seen.index, seen.committed_at_us) == (12, 500)


def test_a_lot_that_was_read_anew_is_ahead_of_the_watch() -> None:
    seen = view()
    event = LedgerEvent(11, 1, layouts=(LayoutChange("north", 2),))
    assert seen.unknown_lots(event) == ("north",)
    # Read at 20, when A1 was vacant already; what came before must not undo that.
    seen = seen.with_lots(LedgerState(20, 0, (lot(version=2, state=VACANT),))).advanced(event)
    seen = seen.advanced(LedgerEvent(12, 2, changes=(change("A1", OCCUPIED),)))
    assert (seen.index, states(seen)) == (12, [VACANT, VACANT])
    assert seen.unknown_lots(LedgerEvent(13, 3, layouts=(LayoutChange("north", 2),))) == ()
    seen = seen.advanced(LedgerEvent(21, 3, changes=(change("A1", OCCUPIED),)))
    assert states(seen) == [OCCUPIED, VACANT]


def test_a_new_lot_is_unknown_until_it_is_read() -> None:
    seen = view()
    event = LedgerEvent(11, 1, layouts=(LayoutChange("east", 1),))
    assert seen.unknown_lots(event) == ("east",)
    seen = seen.with_lots(LedgerState(11, 0, (lot("east"),))).advanced(event)
    assert list(seen.lots) == ["east", "north", "south"]


def test_that_a_camera_is_ok_is_not_said_where_it_is_doubted() -> None:
    ok = CameraChange("north", "near", None, CameraCondition.OK, 3, "")
    committed = view().advanced(LedgerEvent(11, 1, cameras=(ok,)))
    vouching = Vouching()
    vouching.note((), asked=100.0)
    said = committed.doubting(vouching)
    assert said.lots["north"].state.cameras == (CameraState("near", None, detail=DOUBT),)
    assert said.lots["north"].version != committed.lots["north"].version
    assert said.lots["south"] is committed.lots["south"]
    vouching.heard((ok,), now=100.5)
    assert committed.doubting(vouching) == committed


def test_counts_and_conditions_are_followed() -> None:
    count = LotCount("gate", 5, 1, stale=False, status="OK")
    nudged = CameraChange("north", "near", None, CameraCondition.NUDGED, 3, "moved")
    seen = view().advanced(
        LedgerEvent(11, 1, counts=(CountChange("north", count),), cameras=(nudged,))
    )
    state = seen.lots["north"].state
    assert state.counts == (count,)
    assert [(one.camera_id, one.condition) for one in state.cameras] == [
        ("near", CameraCondition.NUDGED)
    ]
    gone = CameraChange("north", "near", CameraCondition.NUDGED, None, 0)
    assert seen.advanced(LedgerEvent(12, 2, cameras=(gone,))).lots["north"].state.cameras == ()
