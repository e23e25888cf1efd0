"""Brings tables of an earlier version up to date, inside the caller's transaction.

Their links stay what they were, for what an entry is chained as follows from its kind, see
command.py.
"""

import logging
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby

from central.ledger.state.schema import (
    CAMERA_HISTORY,
    CUTS,
    HISTORY,
    REJECTIONS,
    SCHEMA_VERSION,
    SESSIONS,
    VIEWS_AND_SPOTS,
    statements_of,
)
from central.ledger.state.spot_history import Change, Unwritten, said_of

logger = logging.getLogger(__name__)

_FROM_2 = f"""
ALTER TABLE cameras ADD COLUMN condition INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cameras ADD COLUMN since_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cameras ADD COLUMN detail TEXT NOT NULL DEFAULT '';
DROP INDEX views_by_camera;
ALTER TABLE views RENAME TO views_2;
ALTER TABLE spots RENAME TO spots_2;
ALTER TABLE sessions RENAME TO sessions_2;
{VIEWS_AND_SPOTS}
{SESSIONS}
INSERT INTO views SELECT NULL, *, 0, '' FROM views_2;
INSERT INTO spots SELECT NULL, *, 0, '' FROM spots_2;
INSERT INTO sessions SELECT NULL, * FROM sessions_2;
DROP TABLE views_2;
DROP TABLE spots_2;
DROP TABLE sessions_2;
ALTER TABLE history ADD COLUMN layout_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE history ADD COLUMN model TEXT NOT NULL DEFAULT '';
{CAMERA_HISTORY}
{CUTS}
UPDATE meta SET schema_version = 3
"""
_FROM_3 = f"""
{REJECTIONS}
UPDATE meta SET schema_version = 4
"""
_FROM_4 = f"""
ALTER TABLE history RENAME TO history_4;
DROP INDEX history_by_spot;
{HISTORY}
UPDATE meta SET schema_version = 5
"""
_NEXT = {2: _FROM_2, 3: _FROM_3, 4: _FROM_4}

A_WRITE = 4096
"""Indexes whose changes are converted at a time."""

A_LINE = 500_000
"""Changes after which it is said how far it is: some three seconds. A replica serves nothing
meanwhile, and whoever restarted it wonders."""

OLDEST = min(_NEXT)
"""Older tables lack what is needed."""


def bring_up_to_date(connection: sqlite3.Connection, version: int) -> None:
    """Make tables of a version, from `OLDEST` on, those of this program."""
    for old in range(version, SCHEMA_VERSION):
        for statement in statements_of(_NEXT[old]):
            connection.execute(statement)
    (size,) = connection.execute("SELECT count(*) FROM history_4").fetchone()
    logger.warning("converting a history of %d changes", size)
    changes = connection.execute("SELECT * FROM history_4 ORDER BY applied_index, ordinal")
    _gather_changes(connection, _told(changes, size))
    connection.execute("DROP TABLE history_4")


def _told(changes: Iterable[Change], size: int) -> Iterator[Change]:
    """Pass changes on, and say now and then how many have passed."""
    for number, change in enumerate(changes, start=1):
        if number % A_LINE == 0:
            logger.warning("converted %d of %d changes", number, size)
        yield change


def _gather_changes(connection: sqlite3.Connection, changes: Iterable[Change]) -> None:
    """Write changes that had a row each."""
    unwritten, first = Unwritten(), 0
    for index, made in groupby(changes, key=lambda change: change[0]):
        if index - first > A_WRITE:
            unwritten.flush(connection)
            first = index
        unwritten.add(index, list(map(said_of, made)))
    unwritten.flush(connection)
