"""The tables of the applied state. Everything in them follows from the log alone."""

from collections.abc import Iterable

SCHEMA_VERSION = 5
"""2: the chain says what each entry did, and when; a spot's lives. A state of version 1 cannot be
brought up to date by itself, for it does not say what its entries were: see state_machine.py.
3: cameras' conditions; layout version and model of views, spots and changes; cuts, sums.
4: rejections. 5: an entry's changes of spots in one row."""

VIEWS_AND_SPOTS = """
CREATE TABLE views (                  -- what each camera last said of each spot it sees
    view_id INTEGER PRIMARY KEY,      -- an update by a whole number costs half of one by names
    lot_id TEXT NOT NULL, spot_id TEXT NOT NULL, camera_id TEXT NOT NULL,
    rank INTEGER NOT NULL,            -- 0 is the best view of the spot
    occupancy INTEGER NOT NULL, confidence INTEGER NOT NULL, captured_at_us INTEGER NOT NULL,
    late_us INTEGER,                  -- how long after its capture it was committed, NULL: not told
    layout_version INTEGER NOT NULL, model TEXT NOT NULL,
    UNIQUE (lot_id, spot_id, camera_id)
);
CREATE INDEX views_by_camera ON views (camera_id);
CREATE TABLE spots (                  -- the applied occupancy
    number INTEGER PRIMARY KEY,
    lot_id TEXT NOT NULL, spot_id TEXT NOT NULL,
    occupancy INTEGER NOT NULL, confidence INTEGER NOT NULL, camera_id TEXT NOT NULL,
    since_us INTEGER NOT NULL,
    layout_version INTEGER NOT NULL, model TEXT NOT NULL, -- of the last change
    UNIQUE (lot_id, spot_id)
);
"""

SESSIONS = """
CREATE TABLE sessions (               -- the last sequence applied of each run of a camera
    session_id INTEGER PRIMARY KEY,
    camera_id TEXT NOT NULL, boot_id TEXT NOT NULL,
    sequence INTEGER NOT NULL, applied_index INTEGER NOT NULL,
    UNIQUE (camera_id, boot_id)
);
"""

REJECTIONS = """
CREATE TABLE rejections (             -- the last batches of each run that could not be applied
    camera_id TEXT NOT NULL, boot_id TEXT NOT NULL, sequence INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (camera_id, boot_id, sequence)
) WITHOUT ROWID;
"""

HISTORY = """
CREATE TABLE history (                -- the changes of applied occupancies, see spot_history.py
    applied_index INTEGER PRIMARY KEY,
    held INTEGER NOT NULL,            -- how many
    changes TEXT NOT NULL             -- JSON, as the entry's link has them
);
CREATE TABLE spot_changes (           -- which entries changed a spot
    lot_id TEXT NOT NULL, spot_id TEXT NOT NULL, last_index INTEGER NOT NULL,
    earlier BLOB NOT NULL,            -- others: how far before it, a byte each, the first first
    PRIMARY KEY (lot_id, spot_id, last_index)
) WITHOUT ROWID;
"""

CAMERA_HISTORY = """
CREATE TABLE camera_history (         -- every change of a condition (0: nothing is known)
    applied_index INTEGER NOT NULL, ordinal INTEGER NOT NULL, -- counts on through both histories
    lot_id TEXT NOT NULL, camera_id TEXT NOT NULL,
    previous INTEGER NOT NULL, condition INTEGER NOT NULL,
    since_us INTEGER NOT NULL, detail TEXT NOT NULL, committed_at_us INTEGER NOT NULL,
    PRIMARY KEY (applied_index, ordinal)
) WITHOUT ROWID;
CREATE INDEX camera_history_by_lot ON camera_history (lot_id);
"""

CUTS = """
CREATE TABLE cuts (                   -- the last one says where history begins, see cuts.py
    applied_index INTEGER PRIMARY KEY,
    dropped_through INTEGER NOT NULL, dropped_until_us INTEGER NOT NULL,
    head TEXT NOT NULL, layouts TEXT NOT NULL, base TEXT NOT NULL,
    committed_at_us INTEGER NOT NULL
);
CREATE TABLE sums (                   -- digests of what stood, see apply_sum.py
    applied_index INTEGER PRIMARY KEY, digest TEXT NOT NULL, committed_at_us INTEGER NOT NULL
);
CREATE TABLE spot_base (              -- each spot's last change of what was dropped
    lot_id TEXT NOT NULL, spot_id TEXT NOT NULL, applied_index INTEGER NOT NULL,
    occupancy INTEGER NOT NULL, confidence INTEGER NOT NULL, camera_id TEXT NOT NULL,
    captured_at_us INTEGER NOT NULL, layout_version INTEGER NOT NULL, model TEXT NOT NULL,
    PRIMARY KEY (lot_id, spot_id)
) WITHOUT ROWID;
CREATE TABLE count_base (
    lot_id TEXT NOT NULL, reporter TEXT NOT NULL,
    available_spaces INTEGER NOT NULL, counted_at_us INTEGER NOT NULL,
    stale INTEGER NOT NULL, status TEXT NOT NULL,
    PRIMARY KEY (lot_id, reporter)
) WITHOUT ROWID;
CREATE TABLE camera_base (
    camera_id TEXT PRIMARY KEY,
    condition INTEGER NOT NULL, since_us INTEGER NOT NULL, detail TEXT NOT NULL
) WITHOUT ROWID;
"""

STATEMENTS = f"""
CREATE TABLE meta (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    schema_version INTEGER NOT NULL,
    applied_index INTEGER NOT NULL,
    chain_head BLOB NOT NULL          -- root of the tree over all that was applied, see chain.py
);
CREATE TABLE lots (
    lot_id TEXT PRIMARY KEY, name TEXT NOT NULL,
    layout_version INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE layouts (                -- every version that ever was
    lot_id TEXT NOT NULL, version INTEGER NOT NULL, applied_index INTEGER NOT NULL,
    committed_at_us INTEGER NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (lot_id, version)
) WITHOUT ROWID;
CREATE INDEX layouts_by_index ON layouts (applied_index);
CREATE TABLE cameras (                -- condition 0: nothing was ever heard of it
    camera_id TEXT PRIMARY KEY, lot_id TEXT NOT NULL,
    condition INTEGER NOT NULL DEFAULT 0, since_us INTEGER NOT NULL DEFAULT 0,
    detail TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
{VIEWS_AND_SPOTS}CREATE TABLE spot_lives (   -- from when to when a spot was in its lot's layout
    lot_id TEXT NOT NULL, spot_id TEXT NOT NULL, added_index INTEGER NOT NULL,
    added_at_us INTEGER NOT NULL, removed_index INTEGER,
    PRIMARY KEY (lot_id, spot_id, added_index)
) WITHOUT ROWID;
{HISTORY}{CAMERA_HISTORY}CREATE TABLE counts (  -- the last good count of each reporter
    lot_id TEXT NOT NULL, reporter TEXT NOT NULL,
    available_spaces INTEGER NOT NULL, counted_at_us INTEGER NOT NULL,
    stale INTEGER NOT NULL, status TEXT NOT NULL,
    PRIMARY KEY (lot_id, reporter)
) WITHOUT ROWID;
CREATE TABLE count_history (
    applied_index INTEGER PRIMARY KEY,
    lot_id TEXT NOT NULL, reporter TEXT NOT NULL,
    available_spaces INTEGER NOT NULL, counted_at_us INTEGER NOT NULL,
    stale INTEGER NOT NULL, status TEXT NOT NULL, committed_at_us INTEGER NOT NULL
);
CREATE INDEX count_history_by_reporter ON count_history (lot_id, reporter);
{SESSIONS}{REJECTIONS}{CUTS}CREATE TABLE chain ( -- one row an applied entry, see chain.py
    applied_index INTEGER PRIMARY KEY, term INTEGER NOT NULL,
    committed_at_us INTEGER NOT NULL, -- never goes back from one index to the next
    content BLOB NOT NULL, leaf BLOB NOT NULL
);
CREATE TABLE chain_nodes (            -- the larger full subtrees over its leaves
    level INTEGER NOT NULL, position INTEGER NOT NULL, digest BLOB NOT NULL,
    PRIMARY KEY (level, position)
) WITHOUT ROWID;
"""


def statements_of(script: str) -> Iterable[str]:
    """Return the statements of a script, none of which holds a semicolon of its own."""
    return filter(str.strip, script.split(";"))
