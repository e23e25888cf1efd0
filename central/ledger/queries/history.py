"""Questions about the past of one lot. All run inside the caller's transaction.

History is read by spot, for its index says which entries changed one, in their order, and through
windows of indexes that widen until a page is full: so a page costs about the same
however long the history is, and however few of its changes are of the lot.
"""

import sqlite3
import struct
from collections.abc import Collection, Iterator
from itertools import islice
from typing import TypeAlias

from central.ledger.interface import LedgerRefused
from central.ledger.queries.cameras import condition_of
from central.ledger.records import (
    CameraChange,
    Occupancy,
    OccupancyChange,
    RecordedCameraChange,
    RecordedChange,
)
from central.ledger.state import chain, spot_history
from central.ledger.state.cuts import last_cut
from node.values import frozen

DEFAULT_PAGE = 1000
MOST_A_PAGE = 5000
MOST_SPOTS = 500

Row: TypeAlias = tuple[int, int, int, str, int, int, int, str, int, int, str]
"""applied_index, ordinal, committed_at_us, spot_id, previous, occupancy, confidence, camera_id,
captured_at_us, layout_version, model."""

_TOKEN = struct.Struct(">QI")

_FIRST_WINDOW = 4096  # indexes
_WIDER = 4
_BEYOND = 2**62  # larger than any index and any ordinal

_EVERY_SPOT = "SELECT spot_id FROM spot_lives WHERE lot_id = ?"


@frozen
class Place:
    """Where a page ends: the change that was read last."""

    index: int
    ordinal: int

    def token(self) -> bytes:
        """Return it as the bytes that a client gives back."""
        return _TOKEN.pack(self.index, self.ordinal)

    @classmethod
    def of_token(cls, token: bytes) -> "Place":
        """Return the place that a token names; raises LedgerRefused for bytes that are none."""
        if len(token) != _TOKEN.size:
            raise LedgerRefused(
                f"page token '{token.hex()}' is none of the ledger's: "
                "give next_page_token of the page before as it is"
            )
        return cls(*_TOKEN.unpack(token))


@frozen
class HistoryQuestion:
    """Which changes: `since_us` <= committed_at < `until_us`; 0 stands for no limit."""

    lot_id: str
    spot_ids: tuple[str, ...] = ()
    since_us: int = 0
    until_us: int = 0
    page_size: int = DEFAULT_PAGE
    after: Place | None = None


@frozen
class Page:
    """A part of a lot's history; `end` is where it ends if there is more.

    The rows are those of the table (`Row`): a page may have thousands, and goes over the wire.
    """

    lot_id: str
    rows: tuple[Row, ...]
    cameras: tuple[RecordedCameraChange, ...]
    end: Place | None
    dropped_until_us: int = 0  # what was committed up to then is not kept

    @property
    def changes(self) -> tuple[RecordedChange, ...]:
        """The rows as values."""
        return tuple(
            RecordedChange(
                index,
                at,
                OccupancyChange(
                    self.lot_id,
                    spot_id,
                    Occupancy(was),
                    Occupancy(now),
                    confidence,
                    camera_id,
                    captured_at_us,
                    layout_version,
                    model,
                ),
            )
            for (
                index,
                _,
                at,
                spot_id,
                was,
                now,
                confidence,
                camera_id,
                captured_at_us,
                layout_version,
                model,
            ) in self.rows
        )


def page(connection: sqlite3.Connection, question: HistoryQuestion) -> Page:
    """Return a page of changes of spots and, if no spot is named, of cameras.

    Raises LedgerRefused for a lot or spot that never was.
    """
    _check_spots(connection, question.lot_id, question.spot_ids)
    after = (chain.last_index_by(connection, question.since_us - 1), _BEYOND)
    if question.after is not None:
        after = max(after, (question.after.index, question.after.ordinal))
    (last,) = connection.execute("SELECT applied_index FROM meta").fetchone()
    if question.until_us:
        last = chain.last_index_by(connection, question.until_us - 1)
    dropped = last_cut(connection).until_us
    rows = _rows(connection, question, after, last)
    cameras = [] if question.spot_ids else list(_cameras(connection, question, after, last))
    places = sorted([row[:2] for row in rows] + [place for place, _ in cameras])
    if len(places) <= question.page_size:
        every = tuple(one for _, one in cameras)
        return Page(question.lot_id, tuple(rows), every, None, dropped)
    end = places[question.page_size - 1]
    return Page(
        question.lot_id,
        tuple(row for row in rows if row[:2] <= end),
        tuple(one for place, one in cameras if place <= end),
        Place(*end),
        dropped,
    )


def _rows(
    connection: sqlite3.Connection, question: HistoryQuestion, after: tuple[int, int], last: int
) -> list[Row]:
    """Return one row more than a page has, if there are so many."""
    rows, width = list[Row](), _FIRST_WINDOW
    while (missing := question.page_size + 1 - len(rows)) > 0 and after[0] <= last:
        end = min(last, after[0] + width)
        found = spot_history.changes_of(
            connection, question.lot_id, question.spot_ids, after[0], end
        )
        rows += islice(map(_row, (one for one in found if one[:2] > after)), missing)
        after, width = (end + 1, -1), width * _WIDER
    return rows


def _row(change: spot_history.Change) -> Row:
    index, ordinal, _, spot_id, was, now, confidence, camera_id, captured_at_us, at, *_ = change
    said = (spot_id, was, now, confidence, camera_id, captured_at_us)
    return index, ordinal, at, *said, change[10], change[11]


def _cameras(
    connection: sqlite3.Connection, question: HistoryQuestion, after: tuple[int, int], last: int
) -> Iterator[tuple[tuple[int, int], RecordedCameraChange]]:
    """Yield the changes of cameras with their places, one more than a page has at most."""
    for index, ordinal, at, camera_id, previous, condition, since_us, detail in connection.execute(
        "SELECT applied_index, ordinal, committed_at_us, camera_id, previous, condition, since_us,"
        " detail FROM camera_history WHERE lot_id = ? AND (applied_index, ordinal) > (?, ?)"
        " AND applied_index <= ? ORDER BY applied_index, ordinal LIMIT ?",
        (question.lot_id, *after, last, question.page_size + 1),
    ):
        was, now = condition_of(previous), condition_of(condition)
        change = CameraChange(question.lot_id, camera_id, was, now, since_us, detail)
        yield (index, ordinal), RecordedCameraChange(index, at, change)


def _check_spots(connection: sqlite3.Connection, lot_id: str, wanted: Collection[str]) -> None:
    if len(wanted) > MOST_SPOTS:
        raise LedgerRefused(
            f"{len(wanted)} spots are named, the most is {MOST_SPOTS}: ask for the whole lot"
        )
    ever = {spot_id for (spot_id,) in connection.execute(_EVERY_SPOT, (lot_id,))}
    if not ever:
        raise LedgerRefused(
            f"lot '{lot_id}' is not known: look at 'parkledger status' for those that are"
        )
    unknown = set(wanted) - ever
    if unknown:
        raise LedgerRefused(
            f"spot '{min(unknown)}' never was in lot '{lot_id}': its spots are named in its layout"
        )
