"""The board: the ledger's state pieced together from a reading and the events after it."""

import pytest

from central.demo.board import LATENCIES_KEPT, RECENT_CHANGES
from central.ledger.records import LedgerEvent, LedgerState, Occupancy, OccupancyChange
from tests.central.demo.boards import board, layout
from tests.central.operator.scripted_ledger import camera_status, change, lot, replica

VACANT, OCCUPIED, UNKNOWN = Occupancy.VACANT, Occupancy.OCCUPIED, Occupancy.UNKNOWN


def event(index: int, *changes: OccupancyChange) -> LedgerEvent:
    return LedgerEvent(index=index, committed_at_us=0, changes=changes)


def test_events_change_what_was_read() -> None:
    seen = board()
    seen.begin(LedgerState(index=5, age_us=0, lots=(lot(A01=UNKNOWN, A02=VACANT),)))
    seen.apply(event(6, change("A01", UNKNOWN, OCCUPIED, captured_at_us=100)), arrived_us=350)
    assert seen.spots == {"A01": OCCUPIED, "A02": VACANT}
    assert seen.counts == {OCCUPIED: 1, VACANT: 1}
    assert (seen.index, seen.changes) == (6, 1)
    assert list(seen.latencies_us) == [250]


def test_silence_counts_as_a_change_but_has_no_latency() -> None:
    seen = board()
    seen.apply(event(6, change("A01", OCCUPIED, UNKNOWN, captured_at_us=100)), arrived_us=900)
    assert seen.changes == 1
    assert seen.latency.p50_ms is None


def test_a_long_demo_does_not_grow() -> None:
    seen = board()
    flip = (change("A01", VACANT, OCCUPIED), change("A01", OCCUPIED, VACANT))
    for index in range(LATENCIES_KEPT // 2 + 50):
        seen.apply(event(index, *flip), arrived_us=1)
    assert len(seen.latencies_us) == LATENCIES_KEPT
    assert len(seen.recent) == RECENT_CHANGES


def test_frames_and_positions_come_from_the_cameras_of_the_layout() -> None:
    seen = board()
    seen.hear_nodes(
        (
            camera_status("north-east", frames=7, position_us=2_500_000),
            camera_status("north-west", frames=8),  # a live source has no position
            camera_status("somebody-elses", frames=100),
        )
    )
    assert seen.frames == 15
    assert seen.positions_s == {"north-east": 2.5}


@pytest.mark.parametrize(
    ("terms", "expected"), [({"r1": 1, "r2": 2}, "r2"), ({"r1": 3, "r2": 2}, "r1"), ({}, "")]
)
def test_the_primary_is_that_of_the_highest_term(terms: dict[str, int], expected: str) -> None:
    seen = board()
    seen.hear_replicas(
        {name: replica(int(name[1]), primary=True, term=term) for name, term in terms.items()}
    )
    seen.hear_replicas({"r3": replica(3, term=9)})  # a backup of whatever term
    assert seen.primary_id == expected


def test_a_lot_that_the_ledger_does_not_hold_yet_has_no_spots() -> None:
    seen = board(layout())
    seen.begin(LedgerState(index=1, age_us=0, lots=()))
    assert seen.spots == {}
