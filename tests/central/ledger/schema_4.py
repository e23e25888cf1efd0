"""The history as schema 4 had it, a row a change: see test_upgrade.py."""

import sqlite3

from central.ledger.state.spot_history import changes

_HISTORY = """
DROP TABLE spot_changes;
DROP TABLE history;
CREATE TABLE history (
    applied_index INTEGER NOT NULL, ordinal INTEGER NOT NULL,
    lot_id TEXT NOT NULL, spot_id TEXT NOT NULL,
    previous INTEGER NOT NULL, occupancy INTEGER NOT NULL, confidence INTEGER NOT NULL,
    camera_id TEXT NOT NULL, captured_at_us INTEGER NOT NULL, committed_at_us INTEGER NOT NULL,
    layout_version INTEGER NOT NULL DEFAULT 0, model TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (applied_index, ordinal)
) WITHOUT ROWID;
CREATE INDEX history_by_spot ON history (lot_id, spot_id);
UPDATE meta SET schema_version = 4;
"""


def go_back_to_4(connection: sqlite3.Connection) -> None:
    """Make tables of schema 5 those that the program of schema 4 would have written."""
    made = list(changes(connection, 0, 2**62))
    connection.executescript(_HISTORY)
    with connection:
        places = ", ".join("?" * 12)
        connection.executemany(f"INSERT INTO history VALUES ({places})", made)
