"""Which view decides what a spot is."""

import sqlite3

from central.ledger.changes import Changes
from central.ledger.records import Occupancy


def decide(
    connection: sqlite3.Connection,
    lot_id: str,
    spot_id: str,
    captured_at_us: int,
    changes: Changes,
) -> None:
    """Set a spot's occupancy from its views: the best-ranked one that is not unknown decides.

    `captured_at_us` is that of the view that was just told: it dates the change.
    """
    row = connection.execute(
        "SELECT occupancy, confidence, camera_id, layout_version, model FROM views "
        "WHERE lot_id = ? AND spot_id = ? ORDER BY occupancy = ?, rank LIMIT 1",
        (lot_id, spot_id, Occupancy.UNKNOWN),
    ).fetchone()
    occupancy, confidence, camera_id, *source = row or (Occupancy.UNKNOWN, 0, "", 0, "")
    (previous,) = connection.execute(
        "SELECT occupancy FROM spots WHERE lot_id = ? AND spot_id = ?", (lot_id, spot_id)
    ).fetchone()
    if previous == occupancy:
        connection.execute(
            "UPDATE spots SET confidence = ?, camera_id = ? WHERE lot_id = ? AND spot_id = ?",
            (confidence, camera_id, lot_id, spot_id),
        )
        return
    connection.execute(
        "UPDATE spots SET occupancy = ?, confidence = ?, camera_id = ?, since_us = ?,"
        " layout_version = ?, model = ? WHERE lot_id = ? AND spot_id = ?",
        (occupancy, confidence, camera_id, captured_at_us, *source, lot_id, spot_id),
    )
    changes.add(
        lot_id, spot_id, previous, occupancy, confidence, camera_id, captured_at_us, *source
    )
