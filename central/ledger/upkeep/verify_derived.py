"""Whether what is no history itself follows from it: what stands now, and what was cut off."""

import hashlib
import json
import sqlite3
import struct
from collections import defaultdict
from pathlib import Path

from central.ledger.merkle import Frontier
from central.ledger.queries.past import lot_as_of
from central.ledger.state import spot_history
from central.ledger.state.cuts import NO_CUT, Cut, base_digest, layouts_digest
from central.ledger.upkeep.mismatch import mismatch

_INDEX = struct.Struct(">q")


def check_cut(state: Path, connection: sqlite3.Connection, cut: Cut, frontier: Frontier) -> None:
    """Check what is kept in the place of dropped history; the cut itself is chained."""
    if frontier.root().hex() != cut.head:
        raise mismatch(state, cut.index, "the tree over what was dropped is not that of then")
    if cut != NO_CUT and base_digest(connection) != cut.base:
        raise mismatch(state, cut.index, "how everything stood when history was dropped is altered")
    if layouts_digest(connection, NO_CUT, cut.index) != cut.layouts:
        raise mismatch(state, cut.index, "a layout of when history was dropped is altered")


def check_derived(state: Path, connection: sqlite3.Connection, applied: int) -> None:
    """Check what is no history but follows from it, and what answers are made of."""
    _check_index(state, connection, applied)
    for (lot_id,) in connection.execute("SELECT lot_id FROM lots ORDER BY lot_id").fetchall():
        _check_lives(state, connection, lot_id)
        lot = lot_as_of(connection, lot_id, applied, with_layout=False)
        by_history = [
            (s.spot_id, int(s.occupancy), s.since_us, s.layout_version, s.model)
            for s in (lot.spots if lot else ())
        ]
        stands = connection.execute(
            "SELECT spot_id, occupancy, since_us, layout_version, model FROM spots "
            "WHERE lot_id = ? ORDER BY spot_id",
            (lot_id,),
        ).fetchall()
        if wrong := sorted(set(by_history) ^ set(stands)):
            raise mismatch(
                state,
                applied,
                f"spot '{wrong[0][0]}' of lot '{lot_id}' does not stand as its history says",
            )
    _check_cameras(state, connection, applied)
    _check_rejections(state, connection, applied)


def _check_index(state: Path, connection: sqlite3.Connection, applied: int) -> None:
    """Check how many changes each entry is said to have made, and that its spots lead to it."""
    made, found = (defaultdict[tuple[str, str], "hashlib._Hash"](hashlib.sha256) for _ in range(2))
    for index, held, changes in spot_history.entries(connection):
        if held != len(changes):
            raise mismatch(state, index, f"it made {len(changes)} changes, not {held} as noted")
        for spot in {change[2:4] for change in changes}:
            made[spot].update(_INDEX.pack(index))
    for lot_id, spot_id, index in spot_history.places(connection):
        found[lot_id, spot_id].update(_INDEX.pack(index))
    for lot_id, spot_id in sorted(made.keys() | found.keys()):
        if made[lot_id, spot_id].digest() != found[lot_id, spot_id].digest():
            raise mismatch(
                state,
                applied,
                f"where spot '{spot_id}' of lot '{lot_id}' changed is not what its history says",
            )


def _check_cameras(state: Path, connection: sqlite3.Connection, applied: int) -> None:
    by_history = {
        camera_id: (camera_id, *row)
        for camera_id, *row in connection.execute(
            # The base is of before any history.
            "SELECT camera_id, condition, since_us, detail FROM"
            " (SELECT 0 AS applied_index, 0 AS ordinal, * FROM camera_base UNION ALL"
            "  SELECT applied_index, ordinal, camera_id, condition, since_us, detail"
            "  FROM camera_history) ORDER BY applied_index, ordinal"
        )
    }
    for camera_id, *row in connection.execute(
        "SELECT camera_id, condition, since_us, detail FROM cameras ORDER BY camera_id"
    ):
        # A camera that left its layout ended with condition 0, and may have come back since.
        there = by_history.get(camera_id)
        expected = there[1:] if there is not None and there[1] else (0, 0, "")
        if tuple(row) != expected:
            raise mismatch(
                state, applied, f"camera '{camera_id}' does not stand as its history says"
            )


def _check_rejections(state: Path, connection: sqlite3.Connection, applied: int) -> None:
    stray = connection.execute(
        "SELECT camera_id, rejections.sequence FROM rejections LEFT JOIN sessions"
        " USING (camera_id, boot_id)"
        " WHERE sessions.sequence IS NULL OR rejections.sequence > sessions.sequence"
        " ORDER BY camera_id, rejections.sequence"
    ).fetchone()
    if stray is not None:
        raise mismatch(
            state,
            applied,
            f"batch {stray[1]} of camera '{stray[0]}' is said to be rejected, but was never there",
        )


def _check_lives(state: Path, connection: sqlite3.Connection, lot_id: str) -> None:
    lives: dict[str, tuple[str, int, int]] = {}
    expected: set[tuple[str, int, int, int | None]] = set()
    for index, at, document in connection.execute(
        "SELECT applied_index, committed_at_us, document FROM layouts WHERE lot_id = ? "
        "ORDER BY version",
        (lot_id,),
    ):
        there = {spot_id for spot_id, *_ in json.loads(document)["spots"]}
        expected |= {(*lives.pop(gone), index) for gone in lives.keys() - there}
        lives |= {new: (new, index, at) for new in there - lives.keys()}
    expected |= {(*life, None) for life in lives.values()}
    found = set(
        connection.execute(
            "SELECT spot_id, added_index, added_at_us, removed_index FROM spot_lives "
            "WHERE lot_id = ?",
            (lot_id,),
        )
    )
    if wrong := expected ^ found:
        spot_id, index, *_ = min(wrong, key=lambda life: (life[1], life[0]))
        raise mismatch(
            state, index, f"when spot '{spot_id}' was in lot '{lot_id}' is not what layouts say"
        )
