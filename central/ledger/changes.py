"""The changes that one applied index makes, written to the histories in their order."""

import sqlite3


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
        self._write("history", row)

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
