"""A log that is not there yet: made empty, or of the SQLite file that it was before.

It is made under another name, and has its own only when it is whole and durable; the SQLite file
goes last, when the new log was read and says all that it says. So a crash at any moment leaves the
old log or the new one, and a file that came from elsewhere is not deleted.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

from central.ledger.log import log_db
from central.ledger.log.contents import Owner, Replay, changes
from central.ledger.log.files import Files
from central.ledger.log.log_db import OldLog
from central.ledger.log.reading import NOTHING
from central.ledger.log.segments import Segments
from central.ledger.log.state import LogState, after
from central.raft import Entry, HardState, Persist, Snapshot
from node.errors import UsageError

logger = logging.getLogger(__name__)

DIRECTORY = "log"

_UNFINISHED = "log.new"
_BYTES_AT_ONCE = 1 << 20


def begin_log(
    directory: Path,
    files: Files,
    owner: Owner,
    first: Snapshot,
    *,
    any_cluster: bool,
    segment_bytes: int,
) -> None:
    """Make a data directory's log if there is none.

    Raises UsageError if what is there is another's, ValueError if it is damaged, OSError,
    NewerVersion.
    """
    if DIRECTORY not in files.names(directory):
        state, entries = LogState(HardState(), first, last=first.index), list[Entry]()
        old = log_db.read(directory, first) if log_db.is_there(directory) else None
        if old is not None:
            any_known = any_cluster and not old.is_schema_1
            check_owner(directory, old.owner, owner, any_cluster=any_known)
            owner, state, entries = old.owner, old.state, old.entries
        unfinished = directory / _UNFINISHED
        _remove(unfinished, files)
        files.make_directory(unfinished)
        segments = Segments(unfinished, files, NOTHING, segment_bytes=segment_bytes, ahead=False)
        try:
            segments.append(b"", owner, state)
            for some in _in_parts(entries):
                persist = Persist(entries=some)
                new = after(state, persist)
                segments.append(changes(state, new, persist), owner, state)
                state = new
        finally:
            segments.close()
        files.rename(unfinished, directory / DIRECTORY)
        files.sync_directory(directory)
        if old is not None:
            logger.info("log of an earlier version converted entries=%d", len(entries))


def drop_converted(directory: Path, files: Files, log: Replay, first: Snapshot) -> None:
    """Delete the log of before, of which everything stands in `log`.

    Raises UsageError if it does not, or cannot be told: it may hold a vote, or entries, that this
    replica has acknowledged. OSError, NewerVersion.
    """
    if log_db.is_there(directory):
        try:
            old = log_db.read(directory, first)
        except ValueError as error:
            raise _stray(directory, f"cannot be read ({error})") from error
        if old is not None and (more := _more(old, log)):
            raise _stray(directory, f"has {more} that {DIRECTORY}/ beside it lacks")
    log_db.remove(directory, files)


def _more(old: OldLog, log: Replay) -> str:
    """Return what the old log has and the new one lacks; empty if nothing."""
    known, start = log.state, log.state.start.index
    if old.owner != log.owner:
        return f"the log of replica '{old.owner.replica_id}' of cluster {old.owner.cluster_id}"
    voted = old.state.hard_state
    if voted.term > known.hard_state.term or (
        voted.term == known.hard_state.term and voted.vote not in (None, known.hard_state.vote)
    ):
        return f"a vote of term {voted.term}"
    if max(old.state.start.index, old.state.start.index + len(old.entries)) > known.last:
        return f"entries after {known.last}"
    terms = {entry.index: entry.term for entry in log.entries}
    for entry in old.entries:
        if entry.index > start and terms[entry.index] < entry.term:
            return f"entry {entry.index} of a later term"
    return ""


def _stray(directory: Path, what: str) -> UsageError:
    return UsageError(
        f"data directory '{directory}': log.db, of an earlier version, {what}: move away the one "
        f"of log.db and {DIRECTORY}/ that is not this replica's latest, and start again"
    )


def check_owner(directory: Path, found: Owner, expected: Owner, *, any_cluster: bool) -> None:
    """Raise UsageError if the log is another replica's, or of another group."""
    if found.replica_id != expected.replica_id:
        raise UsageError(
            f"data directory '{directory}' belongs to replica '{found.replica_id}', not "
            f"'{expected.replica_id}': give --data of this replica or --replica-id "
            f"{found.replica_id}"
        )
    if not any_cluster and found.cluster_id != expected.cluster_id:
        raise UsageError(
            f"data directory '{directory}' belongs to cluster {found.cluster_id}, not "
            f"{expected.cluster_id}: the set of replica ids in --peers, or --cluster, has changed"
        )


def _remove(unfinished: Path, files: Files) -> None:
    names = files.names(unfinished)
    for name in names:
        files.remove(unfinished / name)
    if _UNFINISHED in files.names(unfinished.parent):
        files.remove(unfinished)


def _in_parts(entries: list[Entry]) -> Iterator[tuple[Entry, ...]]:
    part: list[Entry] = []
    size = 0
    for entry in entries:
        part.append(entry)
        size += len(entry.data)
        if size >= _BYTES_AT_ONCE:
            yield tuple(part)
            part, size = [], 0
    if part:
        yield tuple(part)
