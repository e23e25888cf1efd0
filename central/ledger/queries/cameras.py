"""Questions about cameras' conditions. All run inside the caller's transaction."""

import sqlite3
from collections.abc import Iterator

from central.ledger.records import CameraChange, CameraCondition, RecordedCameraChange


def condition_of(number: int) -> CameraCondition | None:
    """Return the condition of a number as the tables hold it; 0: nothing is known."""
    return CameraCondition(number) if number else None


def camera_changes(
    connection: sqlite3.Connection, first: int, last: int
) -> Iterator[RecordedCameraChange]:
    """Yield the changes of conditions that the indexes of a range made, in their order."""
    for index, at, lot_id, camera_id, previous, condition, since_us, detail in connection.execute(
        "SELECT applied_index, committed_at_us, lot_id, camera_id, previous, condition, since_us,"
        " detail FROM camera_history WHERE applied_index BETWEEN ? AND ?"
        " ORDER BY applied_index, ordinal",
        (first, last),
    ):
        change = CameraChange(
            lot_id, camera_id, condition_of(previous), condition_of(condition), since_us, detail
        )
        yield RecordedCameraChange(index, at, change)
