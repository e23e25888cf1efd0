"""Detections into occupancy: exactly once a key, the best view that knows decides."""

import sqlite3
from collections.abc import Iterable

from central.ledger.outcome import Appended, Done, Outcome
from central.ledger.records import DetectionBatch, IdempotencyKey, Occupancy, Rejected

KEPT_BOOTS = 16
"""Runs of a camera whose last sequence is remembered. A batch of an older run than that would be
applied again; a client holds a batch for seconds, a camera does not start sixteen times in them."""


def append(
    connection: sqlite3.Connection,
    batches: Iterable[DetectionBatch],
    index: int,
    committed_at_us: int,
) -> Outcome:
    """Apply each batch whose key is new. A batch that cannot be applied is rejected for good."""
    rejected: list[Rejected] = []
    changes = History(connection, index, committed_at_us)
    for batch in batches:
        last = _last_sequence(connection, batch.key)
        if last is not None and batch.key.sequence <= last:
            continue
        _remember(connection, batch.key, index, new_boot=last is None)
        reason = _apply_batch(connection, batch, changes)
        if reason:
            rejected.append(Rejected(batch.key, reason))
    return Appended(tuple(rejected))


def lose_camera(
    connection: sqlite3.Connection,
    camera_id: str,
    silent_since_us: int,
    index: int,
    committed_at_us: int,
) -> Outcome:
    """Forget what a silent camera said: what cannot be seen is unknown."""
    rows = connection.execute(
        "SELECT lot_id, spot_id FROM views WHERE camera_id = ? AND occupancy <> ? ORDER BY spot_id",
        (camera_id, Occupancy.UNKNOWN),
    ).fetchall()
    connection.execute(
        "UPDATE views SET occupancy = ?, confidence = 0, captured_at_us = ? WHERE camera_id = ?",
        (Occupancy.UNKNOWN, silent_since_us, camera_id),
    )
    changes = History(connection, index, committed_at_us)
    for lot_id, spot_id in rows:
        decide(connection, lot_id, spot_id, silent_since_us, changes)
    return Done()


class History:
    """Writes the changes that one applied index makes, numbered in order."""

    def __init__(self, connection: sqlite3.Connection, index: int, committed_at_us: int) -> None:
        self._connection = connection
        self._index = index
        self._committed_at_us = committed_at_us
        self._ordinal = 0

    @property
    def committed_at_us(self) -> int:
        """When the index was committed."""
        return self._committed_at_us

    def add(
        self,
        lot_id: str,
        spot_id: str,
        previous: int,
        occupancy: int,
        confidence: int,
        camera_id: str,
        captured_at_us: int,
    ) -> None:
        """Record that a spot's applied occupancy changed."""
        self._connection.execute(
            "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._index,
                self._ordinal,
                lot_id,
                spot_id,
                previous,
                occupancy,
                confidence,
                camera_id,
                captured_at_us,
                self._committed_at_us,
            ),
        )
        self._ordinal += 1


def decide(
    connection: sqlite3.Connection,
    lot_id: str,
    spot_id: str,
    captured_at_us: int,
    changes: History,
) -> None:
    """Set a spot's occupancy from its views: the best-ranked one that is not unknown decides.

    `captured_at_us` is that of the view that was just told: it dates the change.
    """
    row = connection.execute(
        "SELECT occupancy, confidence, camera_id FROM views "
        "WHERE lot_id = ? AND spot_id = ? ORDER BY occupancy = ?, rank LIMIT 1",
        (lot_id, spot_id, Occupancy.UNKNOWN),
    ).fetchone()
    occupancy, confidence, camera_id = row or (Occupancy.UNKNOWN, 0, "")
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
        "UPDATE spots SET occupancy = ?, confidence = ?, camera_id = ?, since_us = ? "
        "WHERE lot_id = ? AND spot_id = ?",
        (occupancy, confidence, camera_id, captured_at_us, lot_id, spot_id),
    )
    changes.add(lot_id, spot_id, previous, occupancy, confidence, camera_id, captured_at_us)


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
    connection: sqlite3.Connection, batch: DetectionBatch, changes: History
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
    for detection in batch.detections:
        connection.execute(
            "UPDATE views SET occupancy = ?, confidence = ?, captured_at_us = ?, late_us = ? "
            "WHERE lot_id = ? AND spot_id = ? AND camera_id = ?",
            (
                detection.occupancy,
                detection.confidence,
                batch.captured_at_us,
                changes.committed_at_us - batch.captured_at_us,
                lot_id,
                detection.spot_id,
                camera_id,
            ),
        )
        decide(connection, lot_id, detection.spot_id, batch.captured_at_us, changes)
    return None
