"""Where the history begins: what is kept in the place of the part that was dropped.

A cut drops what the entries up to an index made, and their links. What stays is all that later
answers need: each spot, count and camera as it stood at the cut (the base), the layouts, and the
tree over the dropped links as its few largest subtrees. The cut's own link holds digests of all
of them, so that they are proved like any other row.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable

from node.values import frozen

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

ALIGNMENT = 64
"""A cut is at a multiple of the leaves below the smallest subtree that is stored, see chain.py."""

A_STEP = 10_000
"""About how many changes one step drops: what is applied next waits meanwhile."""
INDEXES_A_STEP = 16_384

BASES = (
    "SELECT lot_id, spot_id, applied_index, occupancy, confidence, camera_id, captured_at_us,"
    " layout_version, model FROM spot_base ORDER BY lot_id, spot_id",
    "SELECT lot_id, reporter, available_spaces, counted_at_us, stale, status FROM count_base"
    " ORDER BY lot_id, reporter",
    "SELECT camera_id, condition, since_us, detail FROM camera_base ORDER BY camera_id",
)


@frozen
class Cut:
    """The last index that was dropped, when it was committed, and digests in hex."""

    index: int
    until_us: int
    head: str  # of the tree up to there
    layouts: str  # of all layouts up to there
    base: str


NO_CUT = Cut(0, 0, hashlib.sha256(b"").hexdigest(), "", "")


def last_cut(connection: sqlite3.Connection) -> Cut:
    """Return the cut that history begins after."""
    row = connection.execute(
        "SELECT dropped_through, dropped_until_us, head, layouts, base FROM cuts"
        " ORDER BY applied_index DESC LIMIT 1"
    ).fetchone()
    return Cut(*row) if row else NO_CUT


def next_cut(connection: sqlite3.Connection, last_index: int) -> int:
    """Return up to where a step may drop what is not after an index, 0 if that is nowhere new."""
    before = last_cut(connection).index
    last, changes = min(last_index, before + INDEXES_A_STEP), 0
    for index, held in connection.execute(
        "SELECT applied_index, held FROM history WHERE applied_index <= ? ORDER BY applied_index",
        (last,),
    ):
        changes += held
        if changes > A_STEP:
            last = index
            break
    # One entry may have made more rows than a step should drop: then the step is larger.
    through = max(last - last % ALIGNMENT, before + ALIGNMENT)
    return through if through <= last_index else 0


def base_digest(connection: sqlite3.Connection) -> str:
    """Return the digest of the base: of its rows as JSON, spots, counts and cameras."""
    digest = hashlib.sha256()
    for statement in BASES:
        for row in connection.execute(statement):
            digest.update(_json(row).encode() + b"\n")
        digest.update(b"\n")
    return digest.hexdigest()


def layouts_digest(connection: sqlite3.Connection, before: Cut, through: int) -> str:
    """Return the digest of the layouts up to an index, from that of an earlier cut on.

    Of the digest over those before and the next one's row, again and again.
    """
    rows: Iterable[tuple[object, ...]] = connection.execute(
        "SELECT applied_index, lot_id, version, committed_at_us, document FROM layouts"
        " WHERE applied_index > ? AND applied_index <= ? ORDER BY applied_index, lot_id, version",
        (before.index, through),
    )
    digest = before.layouts
    for row in rows:
        digest = hashlib.sha256(f"{digest}\n{_json(row)}".encode()).hexdigest()
    return digest
