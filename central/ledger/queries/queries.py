"""Reads of the applied state. A connection of its own: readers never wait for the writer (WAL)."""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from central.ledger.interface import HistoryDropped, WatchGap
from central.ledger.log.data_directory import connect
from central.ledger.merkle import Frontier
from central.ledger.proof import FORMAT, Head, Link, Proof
from central.ledger.queries.cameras import camera_changes
from central.ledger.queries.history import HistoryQuestion, Page, page
from central.ledger.queries.lots import count_of, lot_now
from central.ledger.queries.past import lot_as_of
from central.ledger.records import (
    CameraChange,
    CameraCondition,
    CountChange,
    LayoutChange,
    LedgerEvent,
    LotState,
    Occupancy,
    OccupancyChange,
)
from central.ledger.state import chain, spot_history
from central.ledger.state.cuts import last_cut, next_cut


class Queries:
    """Reads one replica's state. Not thread-safe: one reader thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = _read_only(path)

    def reopen(self) -> None:
        """Read the file that is there now: a snapshot has taken the other one's place."""
        self._connection.close()
        self._connection = _read_only(self._path)

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def lots(
        self, lot_ids: Sequence[str], *, with_layouts: bool
    ) -> tuple[int, tuple[LotState, ...]]:
        """Return (applied index, lots by id), all of one instant; all lots if none is named."""
        with self._connection:
            self._connection.execute("BEGIN")
            index = self._connection.execute("SELECT applied_index FROM meta").fetchone()[0]
            rows = self._lots(lot_ids)
            return index, tuple(
                lot_now(self._connection, *row, with_layout=with_layouts) for row in rows
            )

    def _lots(self, lot_ids: Sequence[str]) -> list[tuple[str, str, int]]:
        columns = "SELECT lot_id, name, layout_version FROM lots"
        if not lot_ids:
            return self._connection.execute(f"{columns} ORDER BY lot_id").fetchall()
        found = (
            self._connection.execute(f"{columns} WHERE lot_id = ?", (lot_id,)).fetchone()
            for lot_id in sorted(set(lot_ids))
        )
        return [row for row in found if row is not None]

    def spots(
        self, names: Sequence[tuple[str, str]]
    ) -> tuple[int, list[tuple[str, int, int, str, int, int, str] | None]]:
        """Return (applied index, rows of these spots of lots, None for one that is not there).

        Columns: spot_id, occupancy, confidence, camera_id, since_us, layout_version, model.
        """
        with self._connection:
            self._connection.execute("BEGIN")
            index = self._connection.execute("SELECT applied_index FROM meta").fetchone()[0]
            return index, [
                self._connection.execute(
                    "SELECT spot_id, occupancy, confidence, camera_id, since_us, layout_version, "
                    "model FROM spots WHERE lot_id = ? AND spot_id = ?",
                    name,
                ).fetchone()
                for name in names
            ]

    def lots_as_of(
        self, lot_ids: Sequence[str], instant_us: int, *, with_layouts: bool
    ) -> tuple[int, tuple[LotState, ...]]:
        """Return (last index committed by that instant, lots as they stood then, by id).

        Raises HistoryDropped for an instant before the history that is kept.
        """
        with self._connection:
            self._connection.execute("BEGIN")
            cut = last_cut(self._connection)
            if instant_us < cut.until_us:
                raise HistoryDropped(
                    f"how it stood at {_written(instant_us)} is not kept: the history up to "
                    f"{_written(cut.until_us)} has been dropped; give a later instant"
                )
            index = chain.last_index_by(self._connection, instant_us)
            ids = lot_ids or [
                lot_id for (lot_id,) in self._connection.execute("SELECT lot_id FROM lots")
            ]
            lots = (
                lot_as_of(self._connection, lot_id, index, with_layout=with_layouts)
                for lot_id in sorted(set(ids))
            )
            return index, tuple(lot for lot in lots if lot is not None)

    def history(self, question: HistoryQuestion) -> tuple[int, Page]:
        """Return (applied index, a page of changes).

        Raises LedgerRefused for a lot or spot that never was.
        """
        with self._connection:
            self._connection.execute("BEGIN")
            index = self._connection.execute("SELECT applied_index FROM meta").fetchone()[0]
            return index, page(self._connection, question)

    def head(self, index: int) -> tuple[int, bytes]:
        """Return (index, head) at that index, or at the last applied one if that is smaller.

        Raises HistoryDropped for an index before the last cut.
        """
        with self._connection:
            self._connection.execute("BEGIN")
            applied, head = self._connection.execute(
                "SELECT applied_index, chain_head FROM meta"
            ).fetchone()
            if index == 0 or index >= applied:
                return applied, head
            _check_kept(self._connection, index)
            return index, chain.head_at(self._connection, index)

    def checkpoint(self) -> Frontier:
        """Return the tree over what was dropped of the history."""
        with self._connection:
            self._connection.execute("BEGIN")
            return chain.frontier_of(self._connection, last_cut(self._connection).index)

    def next_cut(self, before_us: int) -> int:
        """Return the index up to which the next step of dropping what is older goes, 0 if none."""
        with self._connection:
            self._connection.execute("BEGIN")
            last = chain.last_index_by(self._connection, before_us - 1)
            return next_cut(self._connection, last)

    def links(self, after_index: int, *, limit: int) -> tuple[int, list[Link]]:
        """Return (applied index, the links after `after_index`), at most `limit` of them.

        Raises HistoryDropped if some of them have been dropped.
        """
        with self._connection:
            self._connection.execute("BEGIN")
            _check_kept(self._connection, after_index)
            applied = self._connection.execute("SELECT applied_index FROM meta").fetchone()[0]
            last = min(applied, after_index + limit)
            found = chain.links(self._connection, after_index + 1, last)
            return applied, [stored.link for stored in found]

    def proof(self, index: int, head_index: int, *, replica_id: str) -> Proof | None:
        """Return what proves an entry against a head (0: the last), None if it is not applied.

        Raises HistoryDropped for an entry whose history has been dropped.
        """
        with self._connection:
            self._connection.execute("BEGIN")
            applied = self._connection.execute("SELECT applied_index FROM meta").fetchone()[0]
            size = head_index or applied
            if not 0 < index <= size <= applied:
                return None
            _check_kept(self._connection, index - 1)
            (stored,) = chain.links(self._connection, index, index)
            head = chain.head_at(self._connection, size)
            path = chain.path_of(self._connection, index, size)
        return Proof(stored.link, Head(size, head, FORMAT, replica_id), tuple(path))

    def events(self, after_index: int, *, limit: int) -> tuple[int, list[LedgerEvent]]:
        """Return (index read through, events after `after_index`), at most `limit` of them.

        Every event up to the first number is either in the list or was never there. Raises WatchGap
        if some have been dropped.
        """
        with self._connection:
            self._connection.execute("BEGIN")
            try:
                _check_kept(self._connection, after_index)
            except HistoryDropped as dropped:
                raise WatchGap(str(dropped)) from dropped
            through = self._connection.execute("SELECT applied_index FROM meta").fetchone()[0]
            indexes = [
                index
                for (index,) in self._connection.execute(
                    "SELECT applied_index FROM history WHERE applied_index > ?1 UNION "
                    "SELECT applied_index FROM layouts WHERE applied_index > ?1 UNION "
                    "SELECT applied_index FROM count_history WHERE applied_index > ?1 UNION "
                    "SELECT applied_index FROM camera_history WHERE applied_index > ?1 "
                    "ORDER BY applied_index LIMIT ?2",
                    (after_index, limit),
                )
            ]
            if len(indexes) == limit:
                through = indexes[-1]
            if not indexes:
                return through, []
            return through, self._events(after_index, through)

    def _events(self, after: int, through: int) -> list[LedgerEvent]:
        window = (after, through)
        committed_at: dict[int, int] = {}
        changes: dict[int, list[OccupancyChange]] = defaultdict(list)
        layouts: dict[int, list[LayoutChange]] = defaultdict(list)
        counts: dict[int, list[CountChange]] = defaultdict(list)
        cameras: dict[int, list[CameraChange]] = defaultdict(list)
        for change in spot_history.changes(self._connection, after + 1, through):
            index, _, lot_id, spot_id, was, now, confidence, camera_id, captured_at_us = change[:9]
            committed_at[index] = change[9]
            seen = (Occupancy(was), Occupancy(now), confidence, camera_id, captured_at_us)
            changes[index].append(OccupancyChange(lot_id, spot_id, *seen, *change[10:]))
        for index, at, lot_id, version in self._connection.execute(
            "SELECT applied_index, committed_at_us, lot_id, version FROM layouts "
            "WHERE applied_index > ? AND applied_index <= ?",
            window,
        ):
            committed_at[index] = at
            layouts[index].append(LayoutChange(lot_id, version))
        for index, at, lot_id, *count in self._connection.execute(
            "SELECT applied_index, committed_at_us, lot_id, reporter, available_spaces,"
            " counted_at_us, stale, status FROM count_history "
            "WHERE applied_index > ? AND applied_index <= ?",
            window,
        ):
            committed_at[index] = at
            counts[index].append(CountChange(lot_id, count_of(*count)))
        for one in camera_changes(self._connection, after + 1, through):
            committed_at[one.index] = one.committed_at_us
            cameras[one.index].append(one.change)
        return [
            LedgerEvent(
                index=index,
                committed_at_us=at,
                changes=tuple(changes[index]),
                layouts=tuple(layouts[index]),
                counts=tuple(counts[index]),
                cameras=tuple(cameras[index]),
            )
            for index, at in sorted(committed_at.items())
        ]

    def seen_cameras(self) -> list[str]:
        """Return the cameras that were heard and not lost since, or of which something is known."""
        return [
            camera_id
            for (camera_id,) in self._connection.execute(
                "SELECT camera_id FROM views WHERE occupancy <> ? UNION "
                "SELECT camera_id FROM cameras WHERE condition NOT IN (0, ?) ORDER BY camera_id",
                (Occupancy.UNKNOWN, CameraCondition.SILENT),
            )
        ]


def _written(instant_us: int) -> str:
    return f"{datetime.fromtimestamp(instant_us / 1e6, UTC):%Y-%m-%dT%H:%M:%S}Z"


def _check_kept(connection: sqlite3.Connection, after_index: int) -> None:
    """Raise HistoryDropped if part of what came after an index is no longer kept."""
    dropped = last_cut(connection).index
    if after_index < dropped:
        raise HistoryDropped(
            f"the history up to index {dropped} has been dropped: what came after index "
            f"{after_index} is not all kept"
        )


def _read_only(path: Path) -> sqlite3.Connection:
    connection = connect(path, synchronous="NORMAL")
    connection.execute("PRAGMA query_only = ON")
    return connection
