"""A new layout version: what stays known, what becomes unknown."""

import json
import sqlite3

from central.layout.document import Layout, Region, views_by_spot
from central.ledger.command import ApplyLayout
from central.ledger.layout_json import layout_from_json, layout_to_json
from central.ledger.outcome import LayoutApplied, Outcome, Refused
from central.ledger.records import Occupancy
from central.ledger.state.changes import Changes
from central.ledger.state.deciding import decide
from central.ledger.state.present import Present, Spot

_NOTHING_SAID = (Occupancy.UNKNOWN, 0, 0, None, 0, "")  # columns of a view of a new region


def apply(
    connection: sqlite3.Connection, present: Present, changes: Changes, command: ApplyLayout
) -> Outcome:
    """Replace a lot's layout, in the tables: what is present is written first, and read anew.

    What a camera said of a spot stands on if its region did not move; a new or moved region is
    unknown until it has been looked at. The same layout again makes no new version.
    """
    layout, expected_version = command.layout, command.expected_version
    lot_id = layout.lot_id
    version, previous = _current(connection, lot_id)
    if previous == layout:
        return LayoutApplied(version, changed=False)
    if expected_version is not None and expected_version != version:
        return Refused(
            f"lot '{lot_id}' is at layout version {version}, not {expected_version}: "
            "someone else applied a layout; look at it, then apply again",
            conflict=True,
        )
    for camera in layout.cameras:
        row = connection.execute(
            "SELECT lot_id FROM cameras WHERE camera_id = ? AND lot_id <> ?",
            (camera.camera_id, lot_id),
        ).fetchone()
        if row:
            return Refused(
                f"camera '{camera.camera_id}' belongs to lot '{row[0]}': "
                "rename it, or remove it there first"
            )
    present.flush()
    present.forget()
    _write_layout(connection, layout, version + 1, changes)
    _write_cameras(connection, layout, changes)
    _write_views(connection, layout, previous)
    _write_lives(connection, layout, changes)
    _write_spots(connection, layout, changes)
    for spot in present.spots(lot_id):  # a view may have come or gone
        decide(present, changes, spot, changes.committed_at_us)
    return LayoutApplied(version + 1, changed=True)


def _current(connection: sqlite3.Connection, lot_id: str) -> tuple[int, Layout | None]:
    row = connection.execute(
        "SELECT version, document FROM layouts WHERE lot_id = ? ORDER BY version DESC LIMIT 1",
        (lot_id,),
    ).fetchone()
    return (row[0], layout_from_json(json.loads(row[1]))) if row else (0, None)


def _write_layout(
    connection: sqlite3.Connection, layout: Layout, version: int, changes: Changes
) -> None:
    document = json.dumps(layout_to_json(layout), ensure_ascii=False, separators=(",", ":"))
    changes.add_layout(layout.lot_id, version, document)
    connection.execute(
        "INSERT OR REPLACE INTO lots VALUES (?, ?, ?)", (layout.lot_id, layout.name, version)
    )


def _write_cameras(connection: sqlite3.Connection, layout: Layout, changes: Changes) -> None:
    """Add new cameras and drop gone ones: with a camera goes what is known of it."""
    lot_id = layout.lot_id
    wanted = {camera.camera_id for camera in layout.cameras}
    there = connection.execute(
        "SELECT camera_id, condition FROM cameras WHERE lot_id = ? ORDER BY camera_id", (lot_id,)
    ).fetchall()
    for camera_id, condition in there:
        if camera_id in wanted:
            continue
        connection.execute("DELETE FROM cameras WHERE camera_id = ?", (camera_id,))
        if condition:
            changes.add_camera(lot_id, camera_id, condition, 0, changes.committed_at_us, "")
    connection.executemany(
        "INSERT INTO cameras (camera_id, lot_id) VALUES (?, ?)",
        [(camera_id, lot_id) for camera_id in sorted(wanted - {one for one, _ in there})],
    )


def _write_views(connection: sqlite3.Connection, layout: Layout, previous: Layout | None) -> None:
    before = _regions(previous) if previous else {}
    unmoved = {key for key, _ in _regions(layout).items() & before.items()}
    still_known = {
        (spot_id, camera_id): said
        for spot_id, camera_id, *said in connection.execute(
            "SELECT spot_id, camera_id, occupancy, confidence, captured_at_us, late_us,"
            " layout_version, model FROM views WHERE lot_id = ?",
            (layout.lot_id,),
        )
        if (spot_id, camera_id) in unmoved
    }
    connection.execute("DELETE FROM views WHERE lot_id = ?", (layout.lot_id,))
    connection.executemany(
        "INSERT INTO views VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                layout.lot_id,
                spot_id,
                camera_id,
                rank,
                *still_known.get((spot_id, camera_id), _NOTHING_SAID),
            )
            for spot_id, camera_ids in views_by_spot(layout).items()
            for rank, camera_id in enumerate(camera_ids)
        ],
    )


def _write_lives(connection: sqlite3.Connection, layout: Layout, changes: Changes) -> None:
    wanted = {spot.spot_id for spot in layout.spots}
    there = {
        spot_id
        for (spot_id,) in connection.execute(
            "SELECT spot_id FROM spots WHERE lot_id = ?", (layout.lot_id,)
        )
    }
    connection.executemany(
        "UPDATE spot_lives SET removed_index = ? "
        "WHERE lot_id = ? AND spot_id = ? AND removed_index IS NULL",
        [(changes.index, layout.lot_id, spot_id) for spot_id in sorted(there - wanted)],
    )
    connection.executemany(
        "INSERT INTO spot_lives VALUES (?, ?, ?, ?, NULL)",
        [
            (layout.lot_id, spot_id, changes.index, changes.committed_at_us)
            for spot_id in sorted(wanted - there)
        ],
    )


def _write_spots(connection: sqlite3.Connection, layout: Layout, changes: Changes) -> None:
    """Add new spots, drop gone ones."""
    lot_id, committed_at_us = layout.lot_id, changes.committed_at_us
    wanted = {spot.spot_id for spot in layout.spots}
    there: dict[str, int] = dict(
        connection.execute(
            "SELECT spot_id, occupancy FROM spots WHERE lot_id = ?", (lot_id,)
        ).fetchall()
    )
    for spot_id in sorted(there.keys() - wanted):
        if there[spot_id] != Occupancy.UNKNOWN:
            gone = Spot(0, lot_id, spot_id, Occupancy.UNKNOWN, 0, "", committed_at_us, 0, "")
            changes.add(gone, there[spot_id])
        connection.execute("DELETE FROM spots WHERE lot_id = ? AND spot_id = ?", (lot_id, spot_id))
    connection.executemany(
        "INSERT INTO spots VALUES (NULL, ?, ?, ?, 0, '', ?, 0, '')",
        [
            (lot_id, spot_id, Occupancy.UNKNOWN, committed_at_us)
            for spot_id in sorted(wanted - there.keys())
        ],
    )


def _regions(layout: Layout) -> dict[tuple[str, str], Region]:
    return {
        (region.spot_id, camera.camera_id): region
        for camera in layout.cameras
        for region in camera.regions
    }
