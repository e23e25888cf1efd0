"""A lot as it stood when an index was applied. All run inside the caller's transaction."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from central.ledger.layout_json import layout_from_json
from central.ledger.queries.lots import count_of
from central.ledger.records import LotCount, LotState, Occupancy, SpotState
from central.ledger.state import spot_history

# Whoever asks for what was before the cut is refused before.
_BASE_OF_SPOT = (
    "SELECT occupancy, confidence, camera_id, captured_at_us, layout_version, model FROM spot_base "
    "WHERE lot_id = ? AND spot_id = ? AND applied_index >= ?"
)
_COUNT = "SELECT reporter, available_spaces, counted_at_us, stale, status FROM"


def lot_as_of(
    connection: sqlite3.Connection, lot_id: str, index: int, *, with_layout: bool
) -> LotState | None:
    """Return a lot as it stood when `index` was applied, None if it was not there yet."""
    row = connection.execute(
        "SELECT version, committed_at_us, document FROM layouts "
        "WHERE lot_id = ? AND applied_index <= ? ORDER BY version DESC LIMIT 1",
        (lot_id, index),
    ).fetchone()
    if row is None:
        return None
    version, layout_at_us, document = row
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
        layout_at_us=layout_at_us,
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
    last = spot_history.last_change(connection, lot_id, spot_id, added_index, index)
    row: Sequence[Any] | None = (
        (*last[5:9], *last[10:])
        if last
        else connection.execute(_BASE_OF_SPOT, (lot_id, spot_id, added_index)).fetchone()
    )
    if row is None:
        return SpotState(spot_id, Occupancy.UNKNOWN, 0, "", added_at_us)
    occupancy, confidence, camera_id, since_us, *source = row
    return SpotState(spot_id, Occupancy(occupancy), confidence, camera_id, since_us, (), *source)


def _counts_as_of(connection: sqlite3.Connection, lot_id: str, index: int) -> tuple[LotCount, ...]:
    reporters = connection.execute(
        "SELECT reporter FROM counts WHERE lot_id = ? ORDER BY reporter", (lot_id,)
    ).fetchall()
    return tuple(
        count_of(*row)
        for (reporter,) in reporters
        if (row := _count_as_of(connection, lot_id, reporter, index)) is not None
    )


def _count_as_of(
    connection: sqlite3.Connection, lot_id: str, reporter: str, index: int
) -> tuple[Any, ...] | None:
    row: tuple[Any, ...] | None = connection.execute(
        f"{_COUNT} count_history WHERE lot_id = ? AND reporter = ? AND applied_index <= ?"
        " ORDER BY applied_index DESC LIMIT 1",
        (lot_id, reporter, index),
    ).fetchone()
    if row is None:
        row = connection.execute(
            f"{_COUNT} count_base WHERE lot_id = ? AND reporter = ?", (lot_id, reporter)
        ).fetchone()
    return row
