"""Cameras' conditions: what is the matter with their pictures, and since when."""

import sqlite3

from central.ledger.changes import Changes
from central.ledger.command import LoseCamera
from central.ledger.deciding import decide
from central.ledger.outcome import Done, Outcome
from central.ledger.records import CameraCondition, CameraReport, Occupancy

NOBODY_VOUCHES = "no processor vouches for it"


def report(
    connection: sqlite3.Connection, camera_id: str, said: CameraReport, changes: Changes
) -> None:
    """Keep what is said of a camera of some lot.

    A condition lasts since it was first said: the same one again changes no more than its detail.
    """
    lot_id, condition, since_us, detail = connection.execute(
        "SELECT lot_id, condition, since_us, detail FROM cameras WHERE camera_id = ?", (camera_id,)
    ).fetchone()
    if (condition, detail) == (said.condition, said.detail):
        return
    if condition != said.condition:
        since_us = said.since_us
    connection.execute(
        "UPDATE cameras SET condition = ?, since_us = ?, detail = ? WHERE camera_id = ?",
        (said.condition, since_us, said.detail, camera_id),
    )
    changes.add_camera(lot_id, camera_id, condition, said.condition, since_us, said.detail)


def lose(
    connection: sqlite3.Connection, command: LoseCamera, index: int, committed_at_us: int
) -> Outcome:
    """Forget what a silent camera said: what cannot be seen is unknown."""
    camera_id, silent_since_us = command.camera_id, command.silent_since_us
    changes = Changes(connection, index, committed_at_us)
    known = connection.execute("SELECT 1 FROM cameras WHERE camera_id = ?", (camera_id,)).fetchone()
    if known and command.edition > 1:
        silent = CameraReport(CameraCondition.SILENT, silent_since_us, NOBODY_VOUCHES)
        report(connection, camera_id, silent, changes)
    rows = connection.execute(
        "SELECT lot_id, spot_id FROM views WHERE camera_id = ? AND occupancy <> ? ORDER BY spot_id",
        (camera_id, Occupancy.UNKNOWN),
    ).fetchall()
    connection.execute(
        "UPDATE views SET occupancy = ?, confidence = 0, captured_at_us = ?, layout_version = 0,"
        " model = '' WHERE camera_id = ?",
        (Occupancy.UNKNOWN, silent_since_us, camera_id),
    )
    for lot_id, spot_id in rows:
        decide(connection, lot_id, spot_id, silent_since_us, changes)
    return Done()
