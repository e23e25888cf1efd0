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
from central.ledger.interface import LedgerRefused
from central.ledger.queries import history as history_queries
from central.ledger.queries.history import HistoryQuestion, Place
from central.ledger.records import LedgerEvent, LotReport, LotState, Occupancy, RecordedChange
from tests.central.ledger.books import SECOND, Book, book_of, flips
from tests.central.ledger.samples import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    appended,
    applied,
    batch,
    layout,
    region,
)


def all_pages(book: Book, question: HistoryQuestion) -> list[RecordedChange]:
    changes: list[RecordedChange] = []
    while True:
        _, page = book.queries.history(question)
        assert len(page.rows) + len(page.cameras) <= question.page_size
        changes += page.changes
        if page.end is None:
            return changes
        assert len(page.rows) + len(page.cameras) == question.page_size
        question = replace(question, after=Place.of_token(page.end.token()))


def as_of(book: Book, instant_us: int, lot_id: str = "north") -> LotState:
    _, (lot,) = book.queries.lots_as_of([lot_id], instant_us, with_layouts=True)
    return lot


def stands(lot: LotState) -> list[tuple[str, Occupancy, int]]:
    """What must be the same however it was found out; camera and confidence of now may be later."""
    return [(spot.spot_id, spot.occupancy, spot.since_us) for spot in lot.spots]


def test_history_comes_in_pages_in_order_without_a_gap(tmp_path: Path) -> None:
    book = book_of(tmp_path, changes=10)
    both = [("A1", VACANT), ("A2", VACANT)]
    book.apply(appended(batch("far", 1, *both)), appended(batch("near", 20, *both)))
    everything = all_pages(book, HistoryQuestion("north"))
    places = [(one.index, one.change.spot_id) for one in everything]
    assert places == [*((index, "A1") for index in range(2, 12)), (12, "A2")]
    for size in (1, 2, 3, 11, 12):
        assert all_pages(book, HistoryQuestion("north", page_size=size)) == everything
    only = all_pages(book, HistoryQuestion("north", spot_ids=("A2",), page_size=1))
    assert only == everything[-1:]


@pytest.mark.parametrize("window", [1, 2, 5])
def test_windows_are_not_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: int) -> None:
    monkeypatch.setattr(history_queries, "_FIRST_WINDOW", window)
    book = book_of(tmp_path, changes=30)
    book.apply(*(appended(batch("far", 1 + n, ("A2", VACANT))) for n in range(3)))
    book.apply(appended(batch("near", 90, ("A2", OCCUPIED), ("A1", VACANT))))
    for size in (1, 7, 100):
        changes = all_pages(book, HistoryQuestion("north", page_size=size))
        assert [one.index for one in changes] == [*range(2, 33), 35]
        only = all_pages(book, HistoryQuestion("north", spot_ids=("A2",), page_size=size))
        assert [one.index for one in only] == [32, 35]


def test_changes_of_one_index_are_not_torn_apart_by_a_page(tmp_path: Path) -> None:
    book = book_of(tmp_path, changes=0)
    book.apply(appended(batch("near", 1, ("A2", VACANT), ("A1", VACANT))))
    changes = all_pages(book, HistoryQuestion("north", page_size=1))
    assert [one.change.spot_id for one in changes] == ["A2", "A1"]  # as they were applied


def test_a_range_of_time_is_of_commits_its_end_excluded(tmp_path: Path) -> None:
    book = book_of(tmp_path, changes=10)  # index n is committed at n seconds

    def indexes(since: int, until: int) -> list[int]:
        question = HistoryQuestion("north", since_us=since, until_us=until)
        return [one.index for one in all_pages(book, question)]

    assert indexes(4 * SECOND, 6 * SECOND) == [4, 5]
    assert indexes(4 * SECOND + 1, 6 * SECOND + 1) == [5, 6]
    assert indexes(0, 3 * SECOND) == [2]
    assert indexes(10 * SECOND, 0) == [10, 11]
    assert indexes(99 * SECOND, 0) == []
    assert indexes(1, 2) == []


def test_a_page_token_and_a_range_hold_together(tmp_path: Path) -> None:
    book = book_of(tmp_path, changes=10)
    question = HistoryQuestion("north", since_us=4 * SECOND, until_us=9 * SECOND, page_size=2)
    assert [one.index for one in all_pages(book, question)] == [4, 5, 6, 7, 8]


def test_what_is_committed_while_one_reads_comes_at_the_end(tmp_path: Path) -> None:
    book = book_of(tmp_path, changes=3)
    _, first = book.queries.history(HistoryQuestion("north", page_size=2))
    book.apply(appended(batch("near", 9, ("A1", VACANT))))
    _, second = book.queries.history(HistoryQuestion("north", page_size=9, after=first.end))
    assert [one.index for one in (*first.changes, *second.changes)] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (HistoryQuestion("south"), "lot 'south' is not known"),
        (HistoryQuestion("north", spot_ids=("A1", "Z9")), "spot 'Z9' never was in lot 'north'"),
        (HistoryQuestion("north", spot_ids=("A1",) * 501), "501 spots are named, the most is 500"),
    ],
)
def test_what_never_was_is_refused(tmp_path: Path, question: HistoryQuestion, message: str) -> None:
    book = book_of(tmp_path, changes=1)
    with pytest.raises(LedgerRefused, match=message):
        book.queries.history(question)


def test_a_token_that_is_none_is_refused() -> None:
    with pytest.raises(LedgerRefused, match="page token '6162' is none of the ledger's"):
        Place.of_token(b"ab")


def test_a_spot_that_is_gone_keeps_its_history(tmp_path: Path) -> None:
    book = book_of(tmp_path, changes=1)
    gone = replace(layout(cameras=()), spots=(Spot("A2"),))
    book.apply(applied(gone))
    changes = all_pages(book, HistoryQuestion("north", spot_ids=("A1",)))
    assert [one.change.occupancy for one in changes] == [OCCUPIED, UNKNOWN]


def test_as_of_an_instant_it_stands_as_it_stood(tmp_path: Path) -> None:
    book = book_of(tmp_path, changes=2)
    assert stands(as_of(book, SECOND)) == [("A1", UNKNOWN, SECOND), ("A2", UNKNOWN, SECOND)]
    index, (lot,) = book.queries.lots_as_of([], 2 * SECOND + 5, with_layouts=False)
    assert (index, lot.layout, lot.layout_version, lot.name) == (2, None, 1, "North lot")
    (a1, _) = lot.spots
    assert (a1.occupancy, a1.camera_id, a1.confidence, a1.since_us) == (
        OCCUPIED,
        "near",
        9_000,
        SECOND,  # the camera's clock: batch 1 was captured at one second
    )
    assert as_of(book, 3 * SECOND).spots[0].occupancy is VACANT
    assert as_of(book, 99 * SECOND).layout == layout()


def test_before_a_lot_there_is_no_lot(tmp_path: Path) -> None:
    book = book_of(tmp_path, changes=1)
    assert book.queries.lots_as_of(["north"], SECOND - 1, with_layouts=True) == (0, ())
    assert book.queries.lots_as_of([], SECOND - 1, with_layouts=True) == (0, ())


def test_a_spot_that_came_back_begins_anew(tmp_path: Path) -> None:
    book = book_of(tmp_path, changes=1)  # 1: lot, 2: A1 occupied
    without = replace(layout(cameras=()), spots=(Spot("A2"),))
    book.apply(applied(without), applied(layout()))  # 3 and 4
    assert [spot.spot_id for spot in as_of(book, 3 * SECOND).spots] == ["A2"]
    assert stands(as_of(book, 4 * SECOND))[0] == ("A1", UNKNOWN, 4 * SECOND)


def test_a_lot_says_since_when_its_layout_is_as_it_is(tmp_path: Path) -> None:
    book = book_of(tmp_path, changes=1)
    book.apply(applied(layout(cameras=())), applied(layout(cameras=())))  # 3, and 4 changes nothing
    for with_layouts in (False, True):
        _, (lot,) = book.queries.lots([], with_layouts=with_layouts)
        assert (lot.layout_version, lot.layout_at_us) == (2, 3 * SECOND)
    assert as_of(book, 2 * SECOND).layout_at_us == SECOND


def test_counts_are_those_of_then(tmp_path: Path) -> None:
    book = book_of(tmp_path, changes=0)
    book.apply(ReportCount(LotReport("gate", "north", 12, "OK", 5)))
    book.apply(ReportCount(LotReport("gate", "north", 0, "BROKEN", 6)))
    assert as_of(book, SECOND).counts == ()
    (count,) = as_of(book, 2 * SECOND).counts
    assert (count.available_spaces, count.stale) == (12, False)
    (count,) = as_of(book, 3 * SECOND).counts
    assert (count.available_spaces, count.stale, count.status) == (12, True, "BROKEN")


def test_time_never_goes_back_when_a_primarys_clock_does(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.apply(applied(layout()), at_us=50 * SECOND)
    first, second = flips(2)
    book.apply(first, at_us=10 * SECOND)  # another primary, whose clock is behind
    book.apply(second, at_us=51 * SECOND)
    times = [one.committed_at_us for one in all_pages(book, HistoryQuestion("north"))]
    assert times == [50 * SECOND, 51 * SECOND]
    assert as_of(book, 50 * SECOND).spots[0].occupancy is OCCUPIED
    book.close()
    again = Book(tmp_path)  # it is known after a restart too
    again.apply(appended(batch("near", 9, ("A1", OCCUPIED))), at_us=SECOND)
    assert all_pages(again, HistoryQuestion("north"))[-1].committed_at_us == 51 * SECOND


spots = st.sampled_from(["A1", "A2", "A3"])
batches = st.builds(
    lambda camera, sequence, version, said: batch(camera, sequence, *said, layout_version=version),
    st.sampled_from(["near", "far"]),
    st.integers(1, 30),
    st.integers(1, 3),
    st.lists(st.tuples(spots, st.sampled_from(list(Occupancy))), max_size=2),
)
layouts = st.sampled_from(
    [
        layout(),
        layout(cameras=(Camera("near", regions=(region("A1"),)),)),
        replace(layout(cameras=(Camera("near", regions=(region("A3"),)),)), spots=(Spot("A3"),)),
    ]
)
commands = st.one_of(
    st.builds(lambda said: appended(*said), st.lists(batches, min_size=1, max_size=3)),
    st.builds(LoseCamera, st.sampled_from(["near", "far"]), st.integers(0, 9)),
    st.builds(applied, layouts),
)


def replayed(events: list[LedgerEvent], spot_ids: set[str], instant_us: int) -> dict[str, int]:
    """The naive way: every event up to the instant, one after the other."""
    occupancy = dict.fromkeys(spot_ids, int(UNKNOWN))
    for event in events:
        if event.committed_at_us <= instant_us:
            for change in event.changes:
                occupancy[change.spot_id] = int(change.occupancy)
    return {spot_id: occupancy[spot_id] for spot_id in spot_ids}


@settings(max_examples=60, deadline=None)
@given(log=st.lists(st.tuples(commands, st.integers(0, 20)), max_size=25))
def test_as_of_answers_are_what_was_answered_then_and_what_a_replay_gives(
    tmp_path_factory: pytest.TempPathFactory, log: list[tuple[Command, int]]
) -> None:
    book = Book(tmp_path_factory.mktemp("book"))
    answered: dict[int, LotState] = {}  # by the time of the last entry with that time
    entries = [(applied(layout()), 5), *log]
    with closing(sqlite3.connect(book.machine.path)) as connection:
        for command, at in entries:
            book.apply(command, at_us=at * SECOND)
            (time,) = connection.execute("SELECT max(committed_at_us) FROM chain").fetchone()
            _, (answered[time],) = book.queries.lots([], with_layouts=True)
    _, events = book.queries.events(0, limit=10_000)
    for before, after in pairwise([*sorted(answered), 99 * SECOND]):
        for instant in (before, (before + after) // 2, after - 1):
            lot = as_of(book, instant)
            then = answered[before]
            assert stands(lot) == stands(then)
            assert (lot.layout, lot.layout_version) == (then.layout, then.layout_version)
            assert lot.layout_at_us == then.layout_at_us
            ids = {spot.spot_id for spot in lot.spots}
            assert {s.spot_id: int(s.occupancy) for s in lot.spots} == replayed(
                events, ids, instant
            )
    book.close()
