"""The naive twin of applying: row by row, straight in the tables, nothing kept in memory.

It is how applying was written at first: slow, and easy to see through. The state machine must leave
the same tables, outcomes and heads (test_row_wise.py).
"""

import json
import sqlite3

from central.ledger.command import (
    AppendBatches,
    ApplyLayout,
    Command,
    DropHistory,
    LoseCamera,
    ReportCount,
    SumState,
    decode,
)
from central.ledger.merkle import Frontier
from central.ledger.outcome import Appended, Done, Outcome
from central.ledger.records import (
    CameraCondition,
    CameraReport,
    DetectionBatch,
    IdempotencyKey,
    Occupancy,
    Rejected,
)
from central.ledger.state import apply_drop, apply_layout, apply_report, apply_sum, chain
from central.ledger.state import changes as written
from central.ledger.state.apply_cameras import NOBODY_VOUCHES
from central.ledger.state.apply_detections import KEPT_BOOTS, KEPT_REJECTIONS
from central.ledger.state.present import Present
from central.ledger.state.schema import STATEMENTS
from central.raft import Entry

CHANGES = """
CREATE TEMP TABLE changes (           -- a row each, as history was at first
    applied_index INTEGER NOT NULL, ordinal INTEGER NOT NULL,
    lot_id TEXT NOT NULL, spot_id TEXT NOT NULL,
    previous INTEGER NOT NULL, occupancy INTEGER NOT NULL, confidence INTEGER NOT NULL,
    camera_id TEXT NOT NULL, captured_at_us INTEGER NOT NULL, committed_at_us INTEGER NOT NULL,
    layout_version INTEGER NOT NULL, model TEXT NOT NULL,
    PRIMARY KEY (applied_index, ordinal)
)
"""


class RowWise:
    """A state machine without a file."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.executescript(STATEMENTS + CHANGES)
        self._links = chain.Links(Frontier())
        self._committed_at_us = 0

    @property
    def head(self) -> bytes:
        """The head over all that was applied."""
        return self._links.frontier.root()

    def apply(self, entry: Entry) -> Outcome:
        """Apply one entry."""
        outcome: Outcome = None
        if entry.data:
            command, at = decode(entry.data)
            self._committed_at_us = max(self._committed_at_us, at)
            outcome = self._dispatch(command, entry.index, self._committed_at_us)
        self._gather(entry.index)
        rows = chain.rows_of(self.connection, entry.index, entry.index)
        self._links.add(entry, self._committed_at_us, rows.get(entry.index, chain.NO_ROWS))
        self._links.flush(self.connection)
        return outcome

    def _gather(self, index: int) -> None:
        """Put the changes that an entry made into the row that there is an entry."""
        made = self.connection.execute(
            "SELECT * FROM changes WHERE applied_index = ? ORDER BY ordinal", (index,)
        ).fetchall()
        if made:
            kept = [row[1:-2] if row[-2:] == (0, "") else row[1:] for row in made]
            text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
            self.connection.execute(
                "INSERT INTO history VALUES (?, ?, ?)", (index, len(made), text)
            )
        for lot_id, spot_id in {row[2:4] for row in made}:
            self.connection.execute(
                "INSERT INTO spot_changes VALUES (?, ?, ?, x'')", (lot_id, spot_id, index)
            )

    def _dispatch(self, command: Command, index: int, at: int) -> Outcome:
        match command:
            case AppendBatches():
                return append(self.connection, command, index, at)
            case LoseCamera():
                return lose(self.connection, command, index, at)
            case ApplyLayout() | ReportCount() | DropHistory() | SumState():
                return self._apply_rare(command, index, at)

    def _apply_rare(
        self, command: ApplyLayout | ReportCount | DropHistory | SumState, index: int, at: int
    ) -> Outcome:
        """Layouts and counts are written row by row in the real one, too; nothing is kept."""
        changes = written.Changes()
        changes.begin(index, at)
        outcome: Outcome
        if isinstance(command, DropHistory):
            outcome = apply_drop.drop(self.connection, changes, command.through)
        elif isinstance(command, SumState):
            outcome = apply_sum.add_sum(self.connection, changes)
        elif isinstance(command, ReportCount):
            outcome = apply_report.report(self.connection, changes, command.report)
        else:
            present = Present(self.connection)
            outcome = apply_layout.apply(self.connection, present, changes, command)
            present.flush()
        changes.end()
        changes.flush(self.connection)
        return outcome


class Changes:
    """Numbers what an index changes, occupancies and cameras' conditions in one row."""

    def __init__(self, connection: sqlite3.Connection, index: int, committed_at_us: int) -> None:
        self._connection = connection
        self._index = index
        self._ordinal = 0
        self.committed_at_us = committed_at_us

    def add(
        self,
        lot_id: str,
        spot_id: str,
        previous: int,
        occupancy: int,
        confidence: int,
        camera_id: str,
        captured_at_us: int,
        layout_version: int,
        model: str,
    ) -> None:
        """Record that a spot's applied occupancy changed."""
        row = (
            *(self._index, self._ordinal, lot_id, spot_id, previous, occupancy, confidence),
            *(camera_id, captured_at_us, self.committed_at_us, layout_version, model),
        )
        self._write("changes", row)

    def add_camera(
        self,
        lot_id: str,
        camera_id: str,
        previous: int,
        condition: int,
        since_us: int,
        detail: str,
    ) -> None:
        """Record that a camera's condition changed; 0: nothing is known of it."""
        row = (
            *(self._index, self._ordinal, lot_id, camera_id, previous, condition),
            *(since_us, detail, self.committed_at_us),
        )
        self._write("camera_history", row)

    def _write(self, table: str, row: tuple[int | str, ...]) -> None:
        places = ", ".join("?" * len(row))
        self._connection.execute(f"INSERT INTO {table} VALUES ({places})", row)
        self._ordinal += 1


def append(
    connection: sqlite3.Connection, command: AppendBatches, index: int, committed_at_us: int
) -> Outcome:
    """Apply each batch whose key is new. A batch that cannot be applied is rejected for good."""
    rejected: list[Rejected] = []
    changes = Changes(connection, index, committed_at_us)
    for batch in command.batches:
        last = _last_sequence(connection, batch.key)
        if last is not None and batch.key.sequence <= last:
            if again := _rejection(connection, batch.key):
                rejected.append(Rejected(batch.key, again))
            continue
        _remember(connection, batch.key, index, new_boot=last is None)
        reason = _apply_batch(connection, batch, changes, edition=command.edition)
        if reason:
            rejected.append(Rejected(batch.key, reason))
            if command.edition > 2:
                _remember_rejection(connection, batch.key, reason)
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
        "INSERT OR REPLACE INTO sessions VALUES (NULL, ?, ?, ?, ?)",
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
    connection.execute(
        "DELETE FROM rejections WHERE camera_id = ?1 AND boot_id NOT IN ("
        " SELECT boot_id FROM sessions WHERE camera_id = ?1)",
        (key.camera_id,),
    )


def _rejection(connection: sqlite3.Connection, key: IdempotencyKey) -> str | None:
    """Return why a batch was rejected, None if it was not or nobody remembers."""
    row: tuple[str] | None = connection.execute(
        "SELECT reason FROM rejections WHERE camera_id = ? AND boot_id = ? AND sequence = ?",
        (key.camera_id, key.boot_id, key.sequence),
    ).fetchone()
    return row[0] if row else None


def _remember_rejection(connection: sqlite3.Connection, key: IdempotencyKey, reason: str) -> None:
    run = (key.camera_id, key.boot_id)
    connection.execute("INSERT INTO rejections VALUES (?, ?, ?, ?)", (*run, key.sequence, reason))
    connection.execute(
        "DELETE FROM rejections WHERE camera_id = ?1 AND boot_id = ?2 AND sequence NOT IN ("
        " SELECT sequence FROM rejections WHERE camera_id = ?1 AND boot_id = ?2"
        " ORDER BY sequence DESC LIMIT ?3)",
        (*run, KEPT_REJECTIONS),
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
        report(connection, camera_id, batch.camera, changes)
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
