import sqlite3
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.layout.document import Camera, Spot
from central.ledger.command import Command, LoseCamera, ReportCount
from central.ledger.outcome import Appended, Done, LayoutApplied, Outcome, Refused
from central.ledger.queries.queries import Queries
from central.ledger.records import LotReport, LotState, Occupancy, SpotState
from central.ledger.state.apply_detections import KEPT_BOOTS
from central.ledger.state.state_machine import StateMachine
from central.raft import Entry
from tests.central.ledger.samples import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    appended,
    applied,
    batch,
    entries_of,
    layout,
    region,
)


class Ledger:
    """A state machine that applies commands one by one, and the answers to questions about it."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        self.machine = StateMachine(directory)
        self.queries = Queries(self.machine.path)

    def apply(self, *commands: Command) -> list[Outcome]:
        entries = entries_of(*commands, first=self.machine.applied_index + 1)
        return [one.outcome for one in self.machine.apply(entries)]

    def lot(self, lot_id: str = "north") -> LotState:
        _, (lot,) = self.queries.lots([lot_id], with_layouts=True)
        return lot

    def spot(self, spot_id: str) -> SpotState:
        return next(spot for spot in self.lot().spots if spot.spot_id == spot_id)

    def history(self) -> list[tuple[str, Occupancy, Occupancy]]:
        _, events = self.queries.events(0, limit=1000)
        return [
            (change.spot_id, change.previous, change.occupancy)
            for event in events
            for change in event.changes
        ]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path)
    assert ledger.apply(applied(layout())) == [LayoutApplied(1, changed=True)]
    return ledger


def test_a_new_lot_is_unknown(ledger: Ledger) -> None:
    assert [spot.occupancy for spot in ledger.lot().spots] == [UNKNOWN, UNKNOWN]
    assert ledger.history() == []


def test_a_detection_changes_occupancy_once_however_often_it_is_sent(ledger: Ledger) -> None:
    said = batch("near", 5, ("A1", OCCUPIED))
    assert ledger.apply(appended(said), appended(said, said)) == [Appended(), Appended()]
    assert ledger.history() == [("A1", UNKNOWN, OCCUPIED)]
    spot = ledger.spot("A1")
    assert (spot.occupancy, spot.camera_id, spot.confidence) == (OCCUPIED, "near", 9_000)
    assert spot.since_us == said.captured_at_us


def test_an_older_sequence_of_the_same_run_is_a_duplicate(ledger: Ledger) -> None:
    ledger.apply(appended(batch("near", 5, ("A1", OCCUPIED)), batch("near", 4, ("A1", VACANT))))
    assert ledger.spot("A1").occupancy is OCCUPIED


def test_a_new_run_counts_from_its_own_beginning(ledger: Ledger) -> None:
    ledger.apply(appended(batch("near", 5, ("A1", OCCUPIED))))
    ledger.apply(appended(batch("near", 1, ("A1", VACANT), boot_id="boot-2")))
    assert ledger.spot("A1").occupancy is VACANT


def test_only_the_latest_runs_of_a_camera_are_remembered(ledger: Ledger) -> None:
    for boot in range(KEPT_BOOTS + 1):
        ledger.apply(appended(batch("near", 9, ("A1", OCCUPIED), boot_id=f"boot-{boot:02}")))
    connection = sqlite3.connect(ledger.machine.path)
    boots = connection.execute("SELECT boot_id FROM sessions ORDER BY boot_id").fetchall()
    connection.close()
    assert boots == [(f"boot-{boot:02}",) for boot in range(1, KEPT_BOOTS + 1)]


def test_duplicates_are_known_after_a_restart(ledger: Ledger, tmp_path: Path) -> None:
    said = batch("near", 5, ("A1", OCCUPIED))
    ledger.apply(appended(said), appended(batch("near", 6, ("A1", VACANT))))
    ledger.machine.close()
    again = Ledger(tmp_path)
    assert again.machine.applied_index == 3
    again.apply(appended(said))
    assert again.spot("A1").occupancy is VACANT


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (batch("nobody", 1, ("A1", OCCUPIED)), "camera 'nobody' is in no applied layout"),
        (batch("near", 1, ("A1", OCCUPIED), layout_version=7), "layout version 7"),
        (batch("near", 1, ("A1", OCCUPIED), ("Z9", VACANT)), "no region for spot 'Z9'"),
    ],
)
def test_a_batch_that_cannot_be_applied_is_rejected_whole(
    ledger: Ledger, said: object, reason: str
) -> None:
    good = batch("far", 1, ("A2", VACANT))
    (outcome,) = ledger.apply(appended(said, good))  # type: ignore[arg-type]
    assert isinstance(outcome, Appended)
    (rejected,) = outcome.rejected
    assert reason in rejected.reason
    assert ledger.history() == [("A2", UNKNOWN, VACANT)]


def test_a_batch_that_was_rejected_is_rejected_however_often_it_is_sent(
    ledger: Ledger, tmp_path: Path
) -> None:
    """Its first answer may be lost, and what made it impossible may be mended by then."""
    early, renamed = batch("near", 1, ("A1", OCCUPIED), layout_version=2), layout()
    (first,) = ledger.apply(appended(early))
    assert isinstance(first, Appended)
    assert [one.key for one in first.rejected] == [early.key]
    assert ledger.apply(appended(early, batch("near", 2, ("A2", VACANT)))) == [first]
    ledger.apply(applied(replace(renamed, name="Renamed")))
    assert ledger.apply(appended(early)) == [first]
    ledger.machine.close()
    assert Ledger(tmp_path).apply(appended(early)) == [first]
    assert ledger.history() == [("A2", UNKNOWN, VACANT)]


def test_the_best_view_decides_and_the_next_best_when_it_cannot_tell(ledger: Ledger) -> None:
    ledger.apply(appended(batch("far", 1, ("A1", VACANT))))
    assert ledger.spot("A1").camera_id == "far"
    ledger.apply(appended(batch("near", 1, ("A1", OCCUPIED), confidence=5_001)))
    assert (ledger.spot("A1").occupancy, ledger.spot("A1").camera_id) == (OCCUPIED, "near")
    ledger.apply(appended(batch("far", 2, ("A1", VACANT), confidence=10_000)))
    assert ledger.spot("A1").occupancy is OCCUPIED
    ledger.apply(appended(batch("near", 2, ("A1", UNKNOWN), confidence=0)))
    assert (ledger.spot("A1").occupancy, ledger.spot("A1").camera_id) == (VACANT, "far")
    assert ledger.history() == [
        ("A1", UNKNOWN, VACANT),
        ("A1", VACANT, OCCUPIED),
        ("A1", OCCUPIED, VACANT),
    ]


def test_a_lost_camera_leaves_what_others_see(ledger: Ledger) -> None:
    ledger.apply(
        appended(
            batch("near", 1, ("A1", OCCUPIED), ("A2", OCCUPIED)), batch("far", 1, ("A2", VACANT))
        )
    )
    assert ledger.apply(LoseCamera("near", 77)) == [Done()]
    assert ledger.spot("A1").occupancy is UNKNOWN
    assert ledger.spot("A1").since_us == 77
    assert ledger.spot("A2").occupancy is VACANT


def test_losing_a_camera_that_nobody_knows_changes_nothing(ledger: Ledger) -> None:
    assert ledger.apply(LoseCamera("nobody", 77)) == [Done()]
    assert ledger.history() == []


def test_the_same_layout_again_makes_no_version(ledger: Ledger) -> None:
    assert ledger.apply(applied(layout())) == [LayoutApplied(1, changed=False)]
    # also when it is sent again after it was applied, with the version that it then replaced
    assert ledger.apply(applied(layout(), 0)) == [LayoutApplied(1, changed=False)]


def test_a_layout_for_another_version_is_a_conflict(ledger: Ledger) -> None:
    (outcome,) = ledger.apply(applied(replace(layout(), name="Other"), 4))
    assert isinstance(outcome, Refused)
    assert outcome.conflict
    assert "at layout version 1, not 4" in outcome.reason
    assert ledger.lot().name == "North lot"


def test_a_camera_belongs_to_one_lot(ledger: Ledger) -> None:
    (outcome,) = ledger.apply(applied(layout("south")))
    assert isinstance(outcome, Refused)
    assert "camera 'far' belongs to lot 'north'" in outcome.reason
    assert [lot.lot_id for lot in ledger.queries.lots([], with_layouts=False)[1]] == ["north"]


def test_an_unmoved_region_stays_known_and_a_moved_one_does_not(ledger: Ledger) -> None:
    ledger.apply(appended(batch("near", 1, ("A1", OCCUPIED), ("A2", OCCUPIED))))
    moved = Camera("near", regions=(region("A1"), region("A2", left=300_000)))
    assert ledger.apply(applied(layout(cameras=(moved,)))) == [LayoutApplied(2, changed=True)]
    assert ledger.spot("A1").occupancy is OCCUPIED
    assert ledger.spot("A2").occupancy is UNKNOWN
    assert ledger.history()[-1] == ("A2", OCCUPIED, UNKNOWN)


def test_a_spot_that_is_gone_is_gone_and_a_new_one_is_unknown(ledger: Ledger) -> None:
    ledger.apply(appended(batch("near", 1, ("A1", OCCUPIED))))
    document = replace(
        layout(cameras=(Camera("near", regions=(region("A3"),)),)), spots=(Spot("A3"),)
    )
    ledger.apply(applied(document))
    assert [(s.spot_id, s.occupancy) for s in ledger.lot().spots] == [("A3", UNKNOWN)]
    assert ledger.history()[-1] == ("A1", OCCUPIED, UNKNOWN)


def report(status: str, spaces: int, at: int = 5, lot_id: str = "north") -> ReportCount:
    return ReportCount(LotReport("gate", lot_id, spaces, status, at))


def test_a_count_is_kept_and_marked_stale_while_its_reporter_is_not_well(ledger: Ledger) -> None:
    ledger.apply(report("OK", 12))
    ledger.apply(report("SENSOR FAULT", 0, at=9))
    (count,) = ledger.lot().counts
    assert (count.available_spaces, count.counted_at_us, count.stale) == (12, 5, True)
    assert count.status == "SENSOR FAULT"
    ledger.apply(report("OK", 11, at=10))
    (count,) = ledger.lot().counts
    assert (count.available_spaces, count.counted_at_us, count.stale) == (11, 10, False)


def test_a_count_of_nothing_known_is_refused(ledger: Ledger) -> None:
    (outcome,) = ledger.apply(report("OK", 12, lot_id="moon"))
    assert isinstance(outcome, Refused)
    assert "lot 'moon' is not known" in outcome.reason
    (outcome,) = ledger.apply(report("BROKEN", 0))
    assert isinstance(outcome, Refused)
    assert "never gave a good count" in outcome.reason


def test_events_come_in_order_in_pages_without_a_gap(ledger: Ledger) -> None:
    for number in range(1, 30):
        ledger.apply(appended(batch("near", number, ("A1", OCCUPIED if number % 2 else VACANT))))
    _, everything = ledger.queries.events(0, limit=1000)
    paged, after = [], 0
    while True:
        through, events = ledger.queries.events(after, limit=4)
        paged += events
        after = through
        if not events:
            break
    assert paged == everything
    assert after == ledger.machine.applied_index
    assert everything[0].layouts[0].version == 1


def test_all_of_a_batch_of_entries_or_none(ledger: Ledger) -> None:
    good, _ = entries_of(appended(batch("near", 1, ("A1", OCCUPIED))), report("OK", 1), first=2)
    with pytest.raises(AssertionError, match="cannot follow"):
        ledger.machine.apply([good, replace_index(good, 9)])
    assert ledger.machine.applied_index == 1
    assert ledger.history() == []


def flips(*numbers: int, first: int) -> list[Entry]:
    said = [appended(batch("near", n, ("A1", OCCUPIED if n % 2 else VACANT))) for n in numbers]
    return entries_of(*said, first=first)


def test_what_is_taken_is_in_the_tables_once_it_is_stored(ledger: Ledger) -> None:
    machine = ledger.machine
    head = machine.chain_head
    outcomes = [one.outcome for one in machine.take(flips(1, 2, 3, first=2))]
    assert outcomes == [Appended()] * 3
    assert (machine.applied_index, machine.stored_index) == (4, 1)
    assert machine.chain_head != head
    assert ledger.history() == []
    machine.store()
    assert machine.stored_index == 4
    assert [occupancy for _, _, occupancy in ledger.history()] == [OCCUPIED, VACANT, OCCUPIED]


def test_a_crash_takes_what_is_not_stored_and_the_log_brings_it_again(
    ledger: Ledger, tmp_path: Path
) -> None:
    entries = flips(1, 2, 3, first=2)
    ledger.machine.take(entries)
    (tmp_path / "after").mkdir()
    with (
        closing(sqlite3.connect(ledger.machine.path)) as source,
        closing(sqlite3.connect(tmp_path / "after" / "state.db")) as target,
    ):
        source.backup(target)  # what a process finds that starts after the crash
    again = StateMachine(tmp_path / "after")
    assert again.applied_index == 1
    again.take(entries)
    assert again.chain_head == ledger.machine.chain_head
    again.close()


def test_closing_stores(ledger: Ledger) -> None:
    ledger.machine.take(flips(1, 2, first=2))
    ledger.machine.close()
    assert StateMachine(ledger.machine.path.parent).applied_index == 3


def test_what_needs_the_tables_finds_all_before_it_there(ledger: Ledger) -> None:
    ledger.machine.take(flips(1, first=2))
    ledger.machine.take(entries_of(report("OK", 3), first=3))
    assert ledger.machine.stored_index == 3
    assert [occupancy for _, _, occupancy in ledger.history()] == [OCCUPIED]


def test_what_cannot_be_taken_takes_with_it_what_is_not_stored(ledger: Ledger) -> None:
    machine = ledger.machine
    head = machine.chain_head
    machine.take(flips(1, first=2))
    with pytest.raises(AssertionError, match="cannot follow"):
        machine.take(flips(2, first=9))
    assert (machine.applied_index, machine.chain_head) == (1, head)
    machine.apply(flips(1, first=2))
    assert [occupancy for _, _, occupancy in ledger.history()] == [OCCUPIED]


def replace_index(entry: Entry, index: int) -> Entry:
    return Entry(index, entry.term, entry.data)


def test_a_state_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    from node.errors import OperationError

    (tmp_path / "state.db").write_bytes(b"x" * 5000)
    with pytest.raises(OperationError, match=r"state\.db cannot be read.*rebuilt from the log"):
        StateMachine(tmp_path)


states = st.sampled_from(list(Occupancy))
spots = st.sampled_from(["A1", "A2", "A3"])
random_batches = st.builds(
    lambda camera, boot, sequence, version, said: batch(
        camera, sequence, *said, boot_id=boot, layout_version=version
    ),
    st.sampled_from(["near", "far", "nobody"]),
    st.sampled_from(["b1", "b2"]),
    st.integers(1, 6),
    st.integers(1, 2),
    st.lists(st.tuples(spots, states), max_size=2),
)
random_commands = st.one_of(
    st.builds(lambda batches: appended(*batches), st.lists(random_batches, max_size=3)),
    st.builds(LoseCamera, st.sampled_from(["near", "far"]), st.integers(0, 9)),
    st.sampled_from([applied(layout()), applied(layout(cameras=(Camera("near"),)), 1)]),
    st.builds(report, st.sampled_from(["OK", "BAD"]), st.integers(0, 9)),
)


def dump(machine: StateMachine) -> list[str]:
    connection = sqlite3.connect(machine.path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


@settings(max_examples=30, deadline=None)
@given(
    commands=st.lists(random_commands, max_size=12),
    cuts=st.lists(st.integers(0, 12), max_size=4),
)
def test_replicas_that_apply_the_same_log_in_any_portions_hold_the_same(
    tmp_path_factory: pytest.TempPathFactory, commands: list[Command], cuts: list[int]
) -> None:
    entries = entries_of(applied(layout()), *commands)
    whole = Ledger(tmp_path_factory.mktemp("whole"))
    whole.machine.apply(entries)
    parts = Ledger(tmp_path_factory.mktemp("parts"))
    edges = sorted({0, len(entries), *(min(cut, len(entries)) for cut in cuts)})
    for first, last in pairwise(edges):
        parts.machine.apply(entries[first:last])
    assert parts.machine.chain_head == whole.machine.chain_head
    assert dump(parts.machine) == dump(whole.machine)
    # what is applied now always follows from what the views say
    for spot in whole.lot().spots:
        known = [view for view in spot.views if view.occupancy is not UNKNOWN]
        assert (spot.occupancy is UNKNOWN) == (not known)


def test_how_late_a_camera_is_stands_in_its_view(ledger: Ledger) -> None:
    ledger.apply(appended(batch("near", 1, ("A1", OCCUPIED), captured_at_us=500_000)))
    near = {view.camera_id: view.late_us for view in ledger.spot("A1").views}
    assert near == {"far": None, "near": 1_500_000}  # index 2 is committed at two seconds
    ledger.apply(applied(replace(layout(), name="Other")))  # no region moved
    assert {view.camera_id: view.late_us for view in ledger.spot("A1").views} == near
    ledger.apply(
        appended(batch("near", 2, ("A1", OCCUPIED), captured_at_us=9_000_000, layout_version=2))
    )
    late = {view.camera_id: view.late_us for view in ledger.spot("A1").views}["near"]
    assert late == -5_000_000  # a camera whose clock is ahead
