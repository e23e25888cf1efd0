"""Detections into occupancy: exactly once a key, the best view that knows decides."""

import sqlite3

from central.ledger import apply_cameras
from central.ledger.changes import Changes
from central.ledger.command import AppendBatches
from central.ledger.deciding import decide
from central.ledger.outcome import Appended, Outcome
from central.ledger.records import DetectionBatch, IdempotencyKey, Rejected

KEPT_BOOTS = 16
"""Runs of a camera whose last sequence is remembered. A batch of an older run than that would be
applied again; a client holds a batch for seconds, a camera does not start sixteen times in them."""


def append(
    connection: sqlite3.Connection, command: AppendBatches, index: int, committed_at_us: int
) -> Outcome:
    """Apply each batch whose key is new. A batch that cannot be applied is rejected for good."""
    rejected: list[Rejected] = []
    changes = Changes(connection, index, committed_at_us)
    for batch in command.batches:
        last = _last_sequence(connection, batch.key)
        if last is not None and batch.key.sequence <= last:
            continue
        _remember(connection, batch.key, index, new_boot=last is None)
        reason = _apply_batch(connection, batch, changes, edition=command.edition)
        if reason:
            rejected.append(Rejected(batch.key, reason))
    return Appended(tuple(rejected))


def _last_sequence(connection: sqlite3.Connection, key: IdempotencyKey) -> int | None:
    """Return the last sequence applied of a camera's run, None if there is none."""
    row: tuple[int] | None = connection.execute(
        "SELECT sequence FROM sessions WHERE camera_id = ? AND boot_id = ?",
        (key.camera_id, key.boot_id),
    ).fetchone()
    return row[0] if row else None


def _remember(
    connection: sqlite3.Connection, key: IdempotencyKey, index: int, *, new_boot: bool
) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?)",
        (key.camera_id, key.boot_id, key.sequence, index),
    )
    if not new_boot:
        return
    connection.execute(
        "DELETE FROM sessions WHERE camera_id = ?1 AND boot_id NOT IN ("
        " SELECT boot_id FROM sessions WHERE camera_id = ?1"
        " ORDER BY applied_index DESC, boot_id LIMIT ?2)",
        (key.camera_id, KEPT_BOOTS),
    )


def _apply_batch(
    connection: sqlite3.Connection, batch: DetectionBatch, changes: Changes, *, edition: int
) -> str | None:
    """Apply one new batch; returns why it is rejected, before anything of it is written."""
    camera_id = batch.key.camera_id
    row = connection.execute(
        "SELECT lots.lot_id, lots.layout_version FROM cameras JOIN lots USING (lot_id) "
        "WHERE camera_id = ?",
        (camera_id,),
    ).fetchone()
    if row is None:
        return f"camera '{camera_id}' is in no applied layout"
    lot_id, layout_version = row
    if batch.layout_version != layout_version:
        return (
            f"camera '{camera_id}' was read with layout version {batch.layout_version} of lot "
            f"'{lot_id}', which is at {layout_version}"
        )
    for detection in batch.detections:
        seen = connection.execute(
            "SELECT 1 FROM views WHERE lot_id = ? AND spot_id = ? AND camera_id = ?",
            (lot_id, detection.spot_id, camera_id),
        ).fetchone()
        if not seen:
            return f"camera '{camera_id}' has no region for spot '{detection.spot_id}'"
    if batch.camera is not None:
        apply_cameras.report(connection, camera_id, batch.camera, changes)
    source = (layout_version, batch.model) if edition > 1 else (0, "")
    for detection in batch.detections:
        connection.execute(
            "UPDATE views SET occupancy = ?, confidence = ?, captured_at_us = ?, late_us = ?,"
            " layout_version = ?, model = ? WHERE lot_id = ? AND spot_id = ? AND camera_id = ?",
            (
                detection.occupancy,
                detection.confidence,
                batch.captured_at_us,
                changes.committed_at_us - batch.captured_at_us,
                *source,
                lot_id,
                detection.spot_id,
                camera_id,
            ),
        )
        decide(connection, lot_id, detection.spot_id, batch.captured_at_us, changes)
    return None
