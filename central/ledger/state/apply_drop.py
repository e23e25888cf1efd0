"""Drops the oldest part of the history, in the tables. See cuts.py for what stays."""

import sqlite3
from collections.abc import Collection

from central.ledger.outcome import Done, Outcome, Refused
from central.ledger.state import spot_history
from central.ledger.state.chain import head_at, prune
from central.ledger.state.changes import Changes
from central.ledger.state.cuts import ALIGNMENT, Cut, base_digest, last_cut, layouts_digest


def drop(connection: sqlite3.Connection, changes: Changes, through: int) -> Outcome:
    """Drop what the entries up to an index made. All before this entry must be in the tables."""
    before = last_cut(connection)
    if not before.index < through < changes.index or through % ALIGNMENT:
        return Refused(
            f"history cannot be dropped up to index {through}: {before.index} is dropped, "
            f"{changes.index - 1} is applied, and it must be a multiple of {ALIGNMENT}"
        )
    (until_us,) = connection.execute(
        "SELECT committed_at_us FROM chain WHERE applied_index = ?", (through,)
    ).fetchone()
    # What is dropped must be gone from the file, too, not only from the tables.
    connection.execute("PRAGMA secure_delete = ON").fetchall()
    last = {
        change[2:4]: change
        for change in spot_history.changes(connection, before.index + 1, through)
    }
    _move_base(connection, last.values(), through)
    spot_history.drop(connection, last, through)
    for table in ("count_history", "camera_history", "cuts", "sums"):
        connection.execute(f"DELETE FROM {table} WHERE applied_index <= ?", (through,))
    head = head_at(connection, through).hex()
    prune(connection, through)
    connection.execute("PRAGMA secure_delete = OFF").fetchall()
    layouts = layouts_digest(connection, before, through)
    changes.add_cut(Cut(through, until_us, head, layouts, base_digest(connection)))
    return Done()


def _move_base(
    connection: sqlite3.Connection, last: Collection[spot_history.Change], through: int
) -> None:
    """Let the base be how everything stood at the cut: the last row of each, if it still counts.

    last: the last change of each spot that has changed since the cut before.
    """
    connection.executemany(
        "INSERT OR REPLACE INTO spot_base VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (lot_id, spot_id, index, occupancy, confidence, camera_id, captured_at_us, *source)
            for index, _, lot_id, spot_id, _, occupancy, confidence, *rest in last
            for camera_id, captured_at_us, _, *source in [rest]
        ],
    )
    # A spot that left its layout takes what it was with it, also if it came back.
    connection.execute(
        "DELETE FROM spot_base WHERE NOT EXISTS (SELECT 1 FROM spot_lives l"
        " WHERE l.lot_id = spot_base.lot_id AND l.spot_id = spot_base.spot_id"
        " AND l.added_index <= spot_base.applied_index"
        " AND (l.removed_index IS NULL OR l.removed_index > ?))",
        (through,),
    )
    # Rows come in their order, so that the last of each stays.
    connection.execute(
        "INSERT OR REPLACE INTO count_base SELECT lot_id, reporter, available_spaces,"
        " counted_at_us, stale, status FROM count_history"
        " WHERE applied_index <= ? ORDER BY applied_index",
        (through,),
    )
    connection.execute(
        "INSERT OR REPLACE INTO camera_base SELECT camera_id, condition, since_us, detail"
        " FROM camera_history WHERE applied_index <= ? ORDER BY applied_index, ordinal",
        (through,),
    )
    connection.execute("DELETE FROM camera_base WHERE condition = 0")
