"""A sum over what stands, so that replicas whose tables differ have heads that differ.

A link covers what an entry said and the history that it made. A flipped bit in what stands now, a
view or a session, would be noticed only once it made a difference to history. An entry that asks
for a sum lets every replica hash its tables at that index, into its link.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from central.ledger.outcome import Done, Outcome
from central.ledger.state.changes import Changes

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

_STANDING = (
    "SELECT lot_id, name, layout_version FROM lots ORDER BY lot_id",
    "SELECT camera_id, lot_id, condition, since_us, detail FROM cameras ORDER BY camera_id",
    "SELECT lot_id, spot_id, camera_id, rank, occupancy, confidence, captured_at_us, late_us,"
    " layout_version, model FROM views ORDER BY lot_id, spot_id, camera_id",
    "SELECT lot_id, spot_id, occupancy, confidence, camera_id, since_us, layout_version, model"
    " FROM spots ORDER BY lot_id, spot_id",
    "SELECT lot_id, spot_id, added_index, added_at_us, removed_index FROM spot_lives"
    " ORDER BY lot_id, spot_id, added_index",
    "SELECT lot_id, reporter, available_spaces, counted_at_us, stale, status FROM counts"
    " ORDER BY lot_id, reporter",
    "SELECT camera_id, boot_id, sequence, applied_index FROM sessions ORDER BY camera_id, boot_id",
)
_REJECTIONS = (
    "SELECT camera_id, boot_id, sequence, reason FROM rejections"
    " ORDER BY camera_id, boot_id, sequence"
)
"""Last, and without an end of its own: where there are none the sum is what it was before they
were remembered, so that replicas of before and of after come to the same one."""


def add_sum(connection: sqlite3.Connection, changes: Changes) -> Outcome:
    """Hash what stands, as the tables have it. All before this entry must be in them."""
    digest = hashlib.sha256()
    for statement in _STANDING:
        _add_rows(digest, connection.execute(statement))
        digest.update(b"\n")
    _add_rows(digest, connection.execute(_REJECTIONS))
    changes.add_sum(digest.hexdigest())
    return Done()


def _add_rows(digest: "hashlib._Hash", rows: Iterable[Any]) -> None:
    for row in rows:
        digest.update(_json(row).encode() + b"\n")
