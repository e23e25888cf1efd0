"""What is the matter with a camera: kept, told once, chained and verified like occupancy."""

from dataclasses import replace
from pathlib import Path

import pytest

from central.layout.document import Camera
from central.ledger.command import LoseCamera
from central.ledger.queries.history import HistoryQuestion
from central.ledger.queries.queries import Queries
from central.ledger.records import (
    CameraChange,
    CameraCondition,
    CameraReport,
    CameraState,
    DetectionBatch,
    Occupancy,
)
from central.ledger.state.apply_cameras import NOBODY_VOUCHES
from central.ledger.upkeep.verify import Mismatch, verify_data
from tests.central.ledger.books import Book, tamper
from tests.central.ledger.samples import OCCUPIED, appended, applied, batch, layout, region

OK, SILENT, DARK = CameraCondition.OK, CameraCondition.SILENT, CameraCondition.DARK


def said(
    sequence: int,
    condition: CameraCondition,
    *spots: tuple[str, Occupancy],
    since_us: int = 5,
    detail: str = "",
    layout_version: int = 1,
) -> DetectionBatch:
    report = CameraReport(condition, since_us, detail)
    return replace(batch("near", sequence, *spots, layout_version=layout_version), camera=report)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    book = Book(tmp_path)
    book.apply(applied(layout()))
    return book


def cameras(book: Book) -> tuple[CameraState, ...]:
    _, (lot,) = book.queries.lots(["north"], with_layouts=False)
    return lot.cameras


def changes(book: Book) -> list[tuple[int, CameraChange]]:
    _, events = book.queries.events(0, limit=1000)
    return [(event.index, change) for event in events for change in event.cameras]


def test_nothing_is_known_of_a_new_camera(book: Book) -> None:
    assert cameras(book) == (CameraState("far", None), CameraState("near", None))
    assert changes(book) == []


def test_a_condition_is_kept_and_told_once(book: Book) -> None:
    dark = said(1, DARK, since_us=7, detail="mean luma 3")
    index = book.apply(appended(dark))
    book.apply(appended(dark))  # sent again
    book.apply(appended(said(2, DARK, since_us=9, detail="mean luma 3")))  # said again
    expected = CameraChange("north", "near", None, DARK, 7, "mean luma 3")
    assert changes(book) == [(index, expected)]
    assert cameras(book)[1] == CameraState("near", DARK, 7, "mean luma 3")
    book.apply(appended(said(3, DARK, since_us=9, detail="mean luma 2")))
    assert cameras(book)[1] == CameraState("near", DARK, 7, "mean luma 2")  # dark since 7
    book.apply(appended(said(4, OK, since_us=11)))
    assert cameras(book)[1] == CameraState("near", OK, 11)
    assert [(one.previous, one.condition) for _, one in changes(book)] == [
        (None, DARK),
        (DARK, DARK),
        (DARK, OK),
    ]


def test_condition_and_detections_come_in_one_batch(book: Book) -> None:
    book.apply(appended(said(1, OK, ("A1", OCCUPIED), ("A2", OCCUPIED))))
    _, events = book.queries.events(1, limit=10)
    assert len(events[0].changes) == 2
    assert len(events[0].cameras) == 1
    book.close()
    verify_data(book.directory)


def test_a_rejected_batch_changes_no_condition(book: Book) -> None:
    book.apply(appended(said(1, DARK, layout_version=4)), appended(said(2, DARK, ("Z9", OCCUPIED))))
    assert changes(book) == []


def test_a_camera_that_nobody_vouches_for_is_silent(book: Book) -> None:
    book.apply(appended(said(1, OK, ("A1", OCCUPIED))))
    assert book.queries.seen_cameras() == ["near"]
    book.apply(LoseCamera("near", 77))
    assert cameras(book)[1] == CameraState("near", SILENT, 77, NOBODY_VOUCHES)
    assert book.queries.seen_cameras() == []
    before = changes(book)
    book.apply(LoseCamera("near", 99), LoseCamera("nobody", 99))
    assert changes(book) == before


def test_a_camera_that_cannot_see_is_lost_too_when_its_processor_dies(book: Book) -> None:
    book.apply(appended(said(1, CameraCondition.LOST)))
    assert book.queries.seen_cameras() == ["near"]


def test_a_condition_outlives_a_new_layout_and_ends_with_the_camera(book: Book) -> None:
    book.apply(appended(said(1, DARK, since_us=7)))
    book.apply(applied(replace(layout(), name="Other")))
    assert cameras(book)[1] == CameraState("near", DARK, 7)
    far = Camera("far", regions=(region("A1"),))
    index = book.apply(applied(layout(cameras=(far,))))
    assert cameras(book) == (CameraState("far", None),)
    ended = CameraChange("north", "near", DARK, None, index * 1_000_000)
    assert changes(book)[-1] == (index, ended)
    book.apply(applied(layout()))
    assert cameras(book)[1] == CameraState("near", None)
    book.close()
    verify_data(book.directory)


@pytest.mark.parametrize("statement", [
    "UPDATE cameras SET condition = 1 WHERE camera_id = 'near'",
    "UPDATE cameras SET detail = 'fine' WHERE camera_id = 'near'",
    "UPDATE cameras SET condition = 1, since_us = 3 WHERE camera_id = 'far'",
    "UPDATE camera_history SET detail = 'fine'",
    "UPDATE camera_history SET applied_index = 9",
    "DELETE FROM camera_history",
])  # fmt: skip
def test_an_altered_condition_is_found(book: Book, statement: str) -> None:
    book.apply(appended(said(1, DARK, since_us=7, detail="mean luma 3")))
    book.close()
    verify_data(book.directory)
    tamper(book.machine.path, statement)
    with pytest.raises(Mismatch):
        verify_data(book.directory)


def test_conditions_are_answered_by_a_reader_of_its_own(book: Book) -> None:
    book.apply(appended(said(1, DARK)))
    queries = Queries(book.machine.path)
    assert queries.proof(2, 0, replica_id="a") is not None
    _, links = queries.links(1, limit=5)
    queries.close()
    assert links[0].rows == '[[],[],[],[[0,"north","near",0,5,5,"",2000000]]]'


@pytest.mark.parametrize("size", [1, 2, 3, 5, 99])
def test_history_holds_cameras_and_spots_in_one_paged_order(book: Book, size: int) -> None:
    dark = said(2, DARK, ("A1", Occupancy.UNKNOWN), ("A2", Occupancy.UNKNOWN), since_us=7)
    book.apply(appended(said(1, OK, ("A1", OCCUPIED), ("A2", OCCUPIED)), dark))
    book.apply(LoseCamera("near", 77), appended(said(3, OK, ("A2", OCCUPIED))))
    everything, question = list[tuple[int, str]](), HistoryQuestion("north", page_size=size)
    while True:
        _, page = book.queries.history(question)
        assert len(page.rows) + len(page.cameras) <= size
        found = [(one.index, one.change.spot_id) for one in page.changes]
        found += [(one.index, one.change.camera_id) for one in page.cameras]
        everything += sorted(found)
        if page.end is None:
            break
        question = replace(question, after=page.end)
    of_2 = ["near", "A1", "A2", "near", "A1", "A2"]
    assert sorted(everything) == sorted(
        [*((2, one) for one in of_2), (3, "near"), (4, "near"), (4, "A2")]
    )
    assert [index for index, _ in everything] == sorted(index for index, _ in everything)
    _, only = book.queries.history(HistoryQuestion("north", spot_ids=("A1",)))
    assert only.cameras == ()
    _, part = book.queries.history(HistoryQuestion("north", since_us=3_000_000, until_us=4_000_000))
    assert [one.change.condition for one in part.cameras] == [SILENT]
