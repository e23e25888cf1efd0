"""Questions about the past of one lot. All run inside the caller's transaction.

History is read by spot, for its index holds each spot's changes in the order of their application,
and through windows of indexes that widen until a page is full: so a page costs about the same
however long the history is, and however few of its changes are of the lot.
"""

import json
import sqlite3
import struct
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from central.ledger import chain
from central.ledger.interface import LedgerRefused
from central.ledger.layout_json import layout_from_json
from central.ledger.lot_queries import count_of
from central.ledger.records import (
    LotCount,
    LotState,
    Occupancy,
    OccupancyChange,
    RecordedChange,
    SpotState,
)

DEFAULT_PAGE = 1000
MOST_A_PAGE = 5000
MOST_SPOTS = 500

_OCCUPANCIES = {int(occupancy): occupancy for occupancy in Occupancy}  # faster than the enum
_TOKEN = struct.Struct(">QI")

_FIRST_WINDOW = 4096  # indexes
_WIDER = 4
_BEYOND = 2**62  # larger than any index and any ordinal

# The plus signs keep SQLite from sorting by its primary key, for which it would read every lot.
_WINDOW = (
    "SELECT applied_index, ordinal, spot_id, previous, occupancy, confidence, camera_id,"
    " captured_at_us, committed_at_us, layout_version, model"
    " FROM history INDEXED BY history_by_spot"
    " WHERE lot_id = ? AND spot_id IN ({spots}) AND applied_index BETWEEN ? AND ?"
    " AND (+applied_index, +ordinal) > (?, ?) ORDER BY +applied_index, +ordinal LIMIT ?"
)
_EVERY_SPOT = "SELECT spot_id FROM spot_lives WHERE lot_id = ?"
_LAST_OF_SPOT = (
    "SELECT occupancy, confidence, camera_id, captured_at_us, layout_version, model FROM history "
    "WHERE lot_id = ? AND spot_id = ? AND applied_index BETWEEN ? AND ?"
    " ORDER BY applied_index DESC, ordinal DESC LIMIT 1"
)


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class HistoryQuestion:
    """Which changes: `since_us` <= committed_at < `until_us`; 0 stands for no limit."""

    lot_id: str
    spot_ids: tuple[str, ...] = ()
    since_us: int = 0
    until_us: int = 0
    page_size: int = DEFAULT_PAGE
    after: Place | None = None


def page(
    connection: sqlite3.Connection, question: HistoryQuestion
) -> tuple[tuple[RecordedChange, ...], Place | None]:
    """Return a page of changes, and where it ends if there are more. Raises LedgerRefused."""
    _check_spots(connection, question.lot_id, question.spot_ids)
    after = (chain.last_index_by(connection, question.since_us - 1), _BEYOND)
    if question.after is not None:
        after = max(after, (question.after.index, question.after.ordinal))
    (last,) = connection.execute("SELECT max(applied_index) FROM history").fetchone()
    if last is not None and question.until_us:
        last = min(last, chain.last_index_by(connection, question.until_us - 1))
    rows = _rows(connection, question, after, last or 0)
    more = len(rows) > question.page_size
    del rows[question.page_size :]
    changes = tuple(_change(question.lot_id, *row) for row in rows)
    return changes, Place(*rows[-1][:2]) if more else None


def _rows(
    connection: sqlite3.Connection, question: HistoryQuestion, after: tuple[int, int], last: int
) -> list[Any]:
    """Return one row more than a page has, if there are so many."""
    spots = ", ".join("?" * len(question.spot_ids)) or _EVERY_SPOT
    which = question.spot_ids or (question.lot_id,)
    statement, rows, width = _WINDOW.format(spots=spots), list[Any](), _FIRST_WINDOW
    while (missing := question.page_size + 1 - len(rows)) > 0 and after[0] <= last:
        end = min(last, after[0] + width)
        window = (question.lot_id, *which, after[0], end, *after, missing)
        rows += connection.execute(statement, window)
        after, width = (end + 1, -1), width * _WIDER
    return rows


def lot_as_of(
    connection: sqlite3.Connection, lot_id: str, index: int, *, with_layout: bool
) -> LotState | None:
    """Return a lot as it stood when `index` was applied, None if it was not there yet."""
    row = connection.execute(
        "SELECT version, document FROM layouts WHERE lot_id = ? AND applied_index <= ? "
        "ORDER BY version DESC LIMIT 1",
        (lot_id, index),
    ).fetchone()
    if row is None:
        return None
    version, document = row
    value = json.loads(document)
    spots = connection.execute(
        "SELECT spot_id, added_index, added_at_us FROM spot_lives WHERE lot_id = ?"
        " AND added_index <= ? AND (removed_index IS NULL OR removed_index > ?) ORDER BY spot_id",
        (lot_id, index, index),
    ).fetchall()
    return LotState(
        lot_id,
        value["name"],
        version,
        tuple(_spot_as_of(connection, lot_id, index, *spot) for spot in spots),
        _counts_as_of(connection, lot_id, index),
        layout_from_json(value) if with_layout else None,
    )


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


def _change(
    lot_id: str,
    index: int,
    ordinal: int,
    spot_id: str,
    previous: int,
    occupancy: int,
    confidence: int,
    camera_id: str,
    captured_at_us: int,
    committed_at_us: int,
    layout_version: int,
    model: str,
) -> RecordedChange:
    return RecordedChange(
        index,
        committed_at_us,
        OccupancyChange(
            lot_id,
            spot_id,
            _OCCUPANCIES[previous],
            _OCCUPANCIES[occupancy],
            confidence,
            camera_id,
            captured_at_us,
            layout_version,
            model,
        ),
    )


def _spot_as_of(
    connection: sqlite3.Connection,
    lot_id: str,
    index: int,
    spot_id: str,
    added_index: int,
    added_at_us: int,
) -> SpotState:
    # At added_index itself no change of the spot's earlier life can stand: the same layout cannot
    # take a spot away and bring it back.
    row = connection.execute(_LAST_OF_SPOT, (lot_id, spot_id, added_index, index)).fetchone()
    if row is None:
        return SpotState(spot_id, Occupancy.UNKNOWN, 0, "", added_at_us)
    occupancy, confidence, camera_id, since_us, *source = row
    return SpotState(spot_id, Occupancy(occupancy), confidence, camera_id, since_us, (), *source)


def _counts_as_of(connection: sqlite3.Connection, lot_id: str, index: int) -> tuple[LotCount, ...]:
    reporters = connection.execute(
        "SELECT reporter FROM counts WHERE lot_id = ? ORDER BY reporter", (lot_id,)
    ).fetchall()
    found = (
        connection.execute(
            "SELECT reporter, available_spaces, counted_at_us, stale, status FROM count_history "
            "WHERE lot_id = ? AND reporter = ? AND applied_index <= ? "
            "ORDER BY applied_index DESC LIMIT 1",
            (lot_id, reporter, index),
        ).fetchone()
        for (reporter,) in reporters
    )
    return tuple(count_of(*row) for row in filter(None, found))
