"""A lot as it stands now. All run inside the caller's transaction."""

import json
import sqlite3
from collections import defaultdict

from central.ledger.layout_json import layout_from_json
from central.ledger.queries.cameras import condition_of
from central.ledger.records import (
    CameraState,
    LotCount,
    LotState,
    Occupancy,
    SpotState,
    ViewState,
)


def lot_now(
    connection: sqlite3.Connection, lot_id: str, name: str, version: int, *, with_layout: bool
) -> LotState:
    """Return a lot of that name and layout version with all that is known of it."""
    layout_at_us, document = connection.execute(
        f"SELECT committed_at_us, {'document' if with_layout else 'NULL'} FROM layouts "
        "WHERE lot_id = ? AND version = ?",
        (lot_id, version),
    ).fetchone()
    counts = connection.execute(
        "SELECT reporter, available_spaces, counted_at_us, stale, status FROM counts "
        "WHERE lot_id = ? ORDER BY reporter",
        (lot_id,),
    )
    cameras = connection.execute(
        "SELECT camera_id, condition, since_us, detail FROM cameras "
        "WHERE lot_id = ? ORDER BY camera_id",
        (lot_id,),
    )
    return LotState(
        lot_id,
        name,
        version,
        _spots(connection, lot_id),
        tuple(count_of(*row) for row in counts),
        layout_from_json(json.loads(document)) if document else None,
        tuple(
            CameraState(camera_id, condition_of(condition), since_us, detail)
            for camera_id, condition, since_us, detail in cameras
        ),
        layout_at_us,
    )


def count_of(
    reporter: str, available_spaces: int, counted_at_us: int, stale: int, status: str
) -> LotCount:
    """Return a count from its columns."""
    return LotCount(reporter, available_spaces, counted_at_us, bool(stale), status)


def _spots(connection: sqlite3.Connection, lot_id: str) -> tuple[SpotState, ...]:
    views: dict[str, list[ViewState]] = defaultdict(list)
    for spot_id, camera_id, occupancy, *rest in connection.execute(
        "SELECT spot_id, camera_id, occupancy, confidence, captured_at_us, late_us FROM views "
        "WHERE lot_id = ? ORDER BY camera_id",
        (lot_id,),
    ):
        views[spot_id].append(ViewState(camera_id, Occupancy(occupancy), *rest))
    rows = connection.execute(
        "SELECT spot_id, occupancy, confidence, camera_id, since_us, layout_version, model"
        " FROM spots WHERE lot_id = ? ORDER BY spot_id",
        (lot_id,),
    )
    return tuple(
        SpotState(
            spot_id=spot_id,
            occupancy=Occupancy(occupancy),
            confidence=confidence,
            camera_id=camera_id,
            since_us=since_us,
            views=tuple(views[spot_id]),
            layout_version=layout_version,
            model=model,
        )
        for spot_id, occupancy, confidence, camera_id, since_us, layout_version, model in rows
    )
