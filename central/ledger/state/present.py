"""What stands now, in memory: views, spots, cameras and their sessions, as the tables have them.

Applying reads from here and notes what it changed; `flush` writes that in a few statements for all
entries of a write. A lot is read when one of its cameras first speaks, and stays until its layout
changes or a write fails.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

MOST_STRANGERS = 1000
"""Cameras of no layout that are remembered between writes."""


@dataclass(slots=True, eq=False)
class View:
    """What one camera last said of one spot."""

    number: int  # its row
    spot: "Spot"
    camera_id: str
    occupancy: int
    confidence: int
    captured_at_us: int
    late_us: int | None
    layout_version: int
    model: str


@dataclass(slots=True, eq=False)
class Spot:
    """The applied occupancy of a spot. views: the best one first."""

    number: int  # its row
    lot_id: str
    spot_id: str
    occupancy: int
    confidence: int
    camera_id: str
    since_us: int
    layout_version: int
    model: str
    views: list[View] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Session:
    """The last sequence applied of one run of a camera, and the index that applied it."""

    camera_id: str
    boot_id: str
    sequence: int
    index: int
    number: int | None = None  # its row, if it has one yet
    rejected: dict[int, str] = field(default_factory=dict)  # why, by sequence, ascending


@dataclass(slots=True, eq=False)
class Camera:
    """A camera, its lot (None: it is in no layout) and that lot's layout version."""

    camera_id: str
    lot_id: str | None = None
    layout_version: int = 0
    condition: int = 0
    since_us: int = 0
    detail: str = ""
    views: dict[str, View] = field(default_factory=dict)  # by spot
    sessions: dict[str, Session] = field(default_factory=dict)  # by boot


# What is written of each, its row last.
_VIEW_ROW = attrgetter(
    *("occupancy", "confidence", "captured_at_us", "late_us", "layout_version", "model", "number")
)
_SPOT_ROW = attrgetter(
    *("occupancy", "confidence", "camera_id", "since_us", "layout_version", "model", "number")
)
_CAMERA_ROW = attrgetter("condition", "since_us", "detail", "camera_id")
_SESSION_ROW = attrgetter("sequence", "index", "number")


class Present:
    """Not thread-safe. All that was touched must be flushed before its tables are read."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.cameras: dict[str, Camera] = {}
        """Those of layouts that were read; `camera` returns any."""
        self._strangers: dict[str, Camera] = {}
        # Ordered sets, so that all replicas write in one order.
        self.touched_views: dict[View, None] = {}
        self.touched_spots: dict[Spot, None] = {}
        self.touched_cameras: dict[Camera, None] = {}
        self.touched_sessions: dict[Session, None] = {}
        self.dropped_sessions: dict[tuple[str, str], None] = {}
        # Why, by camera, boot and sequence; None: it is not remembered any longer.
        self.touched_rejections: dict[tuple[str, str, int], str | None] = {}

    def camera(self, camera_id: str) -> Camera:
        """Return a camera, also one that is in no layout."""
        camera = self.cameras.get(camera_id) or self._strangers.get(camera_id)
        return camera or self._find(camera_id)

    @property
    def unwritten(self) -> int:
        """How many rows `flush` would write."""
        return (
            len(self.touched_views)
            + len(self.touched_spots)
            + len(self.touched_cameras)
            + len(self.touched_sessions)
            + len(self.touched_rejections)
        )

    def spots(self, lot_id: str) -> list[Spot]:
        """Read a lot and return its spots by id."""
        return [spot for _, spot in sorted(self._read_lot(lot_id).items())]

    def forget(self) -> None:
        """Read the tables again when they are needed; what was not flushed is lost."""
        self.__init__(self._connection)  # type: ignore[misc]

    def flush(self) -> None:
        """Write what was touched, inside the caller's transaction."""
        self._update(
            "UPDATE views SET occupancy = ?, confidence = ?, captured_at_us = ?, late_us = ?,"
            " layout_version = ?, model = ? WHERE view_id = ?",
            list(map(_VIEW_ROW, self.touched_views)),
        )
        self._update(
            "UPDATE spots SET occupancy = ?, confidence = ?, camera_id = ?, since_us = ?,"
            " layout_version = ?, model = ? WHERE number = ?",
            list(map(_SPOT_ROW, self.touched_spots)),
        )
        self._update(
            "UPDATE cameras SET condition = ?, since_us = ?, detail = ? WHERE camera_id = ?",
            list(map(_CAMERA_ROW, self.touched_cameras)),
        )
        self._flush_sessions()
        for touched in (self.touched_views, self.touched_spots, self.touched_cameras):
            touched.clear()
        if len(self._strangers) > MOST_STRANGERS:
            self._strangers.clear()

    def _update(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:  # a statement with nothing to do costs some microseconds, too
            self._connection.executemany(statement, rows)

    def _flush_sessions(self) -> None:
        # In this order: a run that was dropped may have come back.
        for table in ("sessions", "rejections"):
            self._update(
                f"DELETE FROM {table} WHERE camera_id = ? AND boot_id = ?",
                list(self.dropped_sessions),
            )
        for session in self.touched_sessions:
            if session.number is None:
                session.number = self._connection.execute(
                    "INSERT INTO sessions VALUES (NULL, ?, ?, ?, ?)",
                    (session.camera_id, session.boot_id, session.sequence, session.index),
                ).lastrowid
        self._update(
            "UPDATE sessions SET sequence = ?, applied_index = ? WHERE session_id = ?",
            list(map(_SESSION_ROW, self.touched_sessions)),
        )
        self.touched_sessions.clear()
        self.dropped_sessions.clear()
        if self.touched_rejections:
            self._flush_rejections()

    def _flush_rejections(self) -> None:
        touched = self.touched_rejections
        self._update(
            "DELETE FROM rejections WHERE camera_id = ? AND boot_id = ? AND sequence = ?",
            [key for key, reason in touched.items() if reason is None],
        )
        self._update(
            "INSERT INTO rejections VALUES (?, ?, ?, ?)",
            [(*key, reason) for key, reason in touched.items() if reason is not None],
        )
        touched.clear()

    def _find(self, camera_id: str) -> Camera:
        row = self._connection.execute(
            "SELECT lot_id FROM cameras WHERE camera_id = ?", (camera_id,)
        ).fetchone()
        if row is not None:
            self._read_lot(row[0])
            return self.cameras[camera_id]
        stranger = self._strangers[camera_id] = Camera(camera_id)
        self._read_sessions(stranger)
        return stranger

    def _read_lot(self, lot_id: str) -> dict[str, Spot]:
        read = self._connection.execute
        (version,) = read("SELECT layout_version FROM lots WHERE lot_id = ?", (lot_id,)).fetchone()
        for camera_id, *said in read(
            "SELECT camera_id, condition, since_us, detail FROM cameras WHERE lot_id = ?", (lot_id,)
        ).fetchall():
            camera = self.cameras[camera_id] = Camera(camera_id, lot_id, version, *said)
            self._strangers.pop(camera_id, None)
            self._read_sessions(camera)
        spots = {
            spot_id: Spot(number, lot_id, spot_id, *stands)
            for number, spot_id, *stands in read(
                "SELECT number, spot_id, occupancy, confidence, camera_id, since_us,"
                " layout_version, model FROM spots WHERE lot_id = ?",
                (lot_id,),
            )
        }
        for number, spot_id, camera_id, *said in read(
            "SELECT view_id, spot_id, camera_id, occupancy, confidence, captured_at_us, late_us,"
            " layout_version, model FROM views WHERE lot_id = ? ORDER BY spot_id, rank",
            (lot_id,),
        ):
            spot = spots[spot_id]
            view = View(number, spot, camera_id, *said)
            self.cameras[camera_id].views[spot_id] = view
            spot.views.append(view)
        return spots

    def _read_sessions(self, camera: Camera) -> None:
        camera.sessions = {
            boot_id: Session(camera.camera_id, boot_id, sequence, index, number)
            for number, boot_id, sequence, index in self._connection.execute(
                "SELECT session_id, boot_id, sequence, applied_index FROM sessions"
                " WHERE camera_id = ?",
                (camera.camera_id,),
            )
        }
        for boot_id, sequence, reason in self._connection.execute(
            "SELECT boot_id, sequence, reason FROM rejections WHERE camera_id = ?"
            " ORDER BY boot_id, sequence",
            (camera.camera_id,),
        ):
            camera.sessions[boot_id].rejected[sequence] = reason
