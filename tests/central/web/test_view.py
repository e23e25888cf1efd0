"""The view of the present: what events change of it, and what they cannot."""

from central.layout.document import Camera, Layout, Region, Spot
from central.ledger.records import (
    LedgerEvent,
    LedgerState,
    LotState,
    Occupancy,
    OccupancyChange,
    SpotState,
)
from central.web.answers.cameras import Camera as CameraAnswer
from central.web.view import View

SQUARE = ((0, 0), (100_000, 0), (100_000, 100_000), (0, 100_000))
LAYOUT = Layout(
    "north",
    spots=(Spot("A1"), Spot("A2")),
    cameras=(Camera("east", regions=(Region("A1", SQUARE),)), Camera("west")),
)


def view() -> View:
    spots = tuple(SpotState(spot, Occupancy.UNKNOWN, 0, "", 0) for spot in ("A1", "A2"))
    lot = LotState(lot_id="north", name="", layout_version=1, layout=LAYOUT, spots=spots)
    return View.of(LedgerState(index=10, age_us=0, lots=(lot,)))


def event(index: int, spot: str, *, lot: str = "north", camera: str = "east") -> LedgerEvent:
    change = OccupancyChange(
        lot, spot, Occupancy.UNKNOWN, Occupancy.VACANT, 9000, camera, captured_at_us=1_000_000
    )
    return LedgerEvent(index=index, committed_at_us=1_250_000, changes=(change,))


def late_ms(view: View) -> dict[str, float | None]:
    held = view.lots["north"]
    answers = [CameraAnswer.of_layout(held, camera) for camera in LAYOUT.cameras]
    return {answer.id: answer.late_ms for answer in answers}


def test_an_event_changes_its_spot_once() -> None:
    after = view().advanced(event(11, "A1"))
    assert [spot.occupancy for spot in after.lots["north"].state.spots] == [
        Occupancy.VACANT,
        Occupancy.UNKNOWN,
    ]
    assert after.lots["north"].index == 11
    assert after.advanced(event(11, "A2")) is after


def test_how_long_a_camera_takes_is_known_from_its_last_change() -> None:
    assert late_ms(view()) == {"east": None, "west": None}
    after = view().advanced(event(11, "A1")).advanced(event(12, "A2", camera=""))
    assert late_ms(after) == {"east": 250.0, "west": None}


def test_another_lots_event_changes_nothing_here() -> None:
    before = view()
    assert before.advanced(event(11, "A1", lot="south")).lots == before.lots
