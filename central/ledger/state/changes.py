"""What the entries of one write made: the rows of the histories, in their order.

A row is made once, chained as JSON and written with all others of the write: the chain need not
read back what was just written. `chain.rows_of` says the same of what stands in the tables.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from central.ledger.state.chain import rows_to_json
from central.ledger.state.cuts import Cut
from central.ledger.state.present import Spot
from central.ledger.state.spot_history import Said, Unwritten

_INSERTS = (
    "INSERT INTO layouts (applied_index, lot_id, version, committed_at_us, document)"
    " VALUES (?, ?, ?, ?, ?)",
    "INSERT INTO count_history VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "INSERT INTO camera_history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "INSERT INTO cuts VALUES (?, ?, ?, ?, ?, ?, ?)",
    "INSERT INTO sums VALUES (?, ?, ?)",
)


class Changes:
    """Rows of one entry after the other: `begin` one, add to it, then `end` it."""

    def __init__(self) -> None:
        self.index = 0
        self.committed_at_us = 0
        self._ordinal = 0  # counts on through spots and cameras
        self._spots: list[Said] = []
        self._unwritten = Unwritten()  # of spots, of ended entries
        # Each as in a link after the spots: layouts, counts, cameras, cuts, sums.
        self._waiting: tuple[list[Any], ...] = tuple([] for _ in _INSERTS)  # of ended entries
        self._rows: tuple[list[Any], ...] = tuple([] for _ in _INSERTS)

    def begin(self, index: int, committed_at_us: int) -> None:
        """Number what follows as that entry's."""
        self.index, self.committed_at_us, self._ordinal = index, committed_at_us, 0

    def end(self) -> str:
        """Return the rows of the entry as its link has them."""
        text = rows_to_json(self._unwritten.add(self.index, self._spots), self._rows)
        self._spots.clear()
        for waiting, rows in zip(self._waiting, self._rows, strict=True):
            if rows:
                waiting += rows
                rows.clear()
        return text

    @property
    def unwritten(self) -> int:
        """How many rows of spots `flush` would write; others are few."""
        return self._unwritten.rows

    def flush(self, connection: sqlite3.Connection) -> None:
        """Write the rows of entries that have ended, inside the caller's transaction."""
        self._unwritten.flush(connection)
        for statement, rows in zip(_INSERTS, self._waiting, strict=True):
            if rows:
                connection.executemany(statement, rows)
                rows.clear()

    def add(self, spot: Spot, previous: int) -> None:
        """Record that a spot's applied occupancy is another one now."""
        said = (
            self._ordinal,
            spot.lot_id,
            spot.spot_id,
            previous,
            spot.occupancy,
            spot.confidence,
            spot.camera_id,
            spot.since_us,
            self.committed_at_us,
            spot.layout_version,
            spot.model,
        )
        self._spots.append(said if spot.layout_version or spot.model else said[:-2])
        self._ordinal += 1

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
        self._rows[2].append(
            (
                *(self.index, self._ordinal, lot_id, camera_id, previous, condition),
                *(since_us, detail, self.committed_at_us),
            )
        )
        self._ordinal += 1

    def add_layout(self, lot_id: str, version: int, document: str) -> None:
        """Record that a lot has a new layout."""
        self._rows[0].append((self.index, lot_id, version, self.committed_at_us, document))

    def add_count(self, values: Sequence[int | str]) -> None:
        """Record that a reporter's count, or what is said of it, changed."""
        self._rows[1].append((self.index, *values, self.committed_at_us))

    def add_cut(self, cut: Cut) -> None:
        """Record that the oldest part of the history was dropped."""
        digests = (cut.head, cut.layouts, cut.base)
        self._rows[3].append((self.index, cut.index, cut.until_us, *digests, self.committed_at_us))

    def add_sum(self, digest: str) -> None:
        """Record the digest of what stands."""
        self._rows[4].append((self.index, digest, self.committed_at_us))
