"""Power cuts, and failures, between any two system calls: what was acknowledged is there."""

import errno
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from central.ledger.log.storage import OnDisk, Storage
from central.raft import HardState, Persist, Snapshot
from node.errors import OperationError
from tests.central.ledger.log.fake_files import FakeFiles, PowerCut
from tests.central.ledger.log.logs import FIRST, GROUP, entries

WRITES = (
    Persist(HardState(1, "a"), entries(1, 3, size=900)),
    Persist(None, entries(4, 8, size=700)),
    Persist(HardState(2, "b"), entries(6, 6, 2, size=1500)),
    Persist(None, entries(7, 8, 2, size=1000)),
    Persist(None, entries(9, 9, 2, size=6000)),
    Persist(start=Snapshot(6, 2, GROUP)),
    Persist(None, entries(10, 12, 2, size=800), start=Snapshot(8, 2, GROUP)),
    Persist(HardState(3, None)),
    Persist(None, entries(10, 11, 3, size=800)),
    Persist(None, entries(12, 12, 3, size=800), start=Snapshot(9, 2, GROUP)),
)


def opened(directory: Path, files: FakeFiles) -> Storage:
    return Storage(
        directory,
        cluster_id="c",
        replica_id="a",
        first=FIRST,
        segment_bytes=1 << 12,
        ahead=False,
        files=files,
    )


def state_after(done: int) -> OnDisk:
    """Return what so many writes come to, by the rules of Persist."""
    found = OnDisk(HardState(), FIRST, [], None, None)
    log = dict[int, object]()
    hard_state, start = found.hard_state, found.start
    for write in WRITES[:done]:
        hard_state = write.hard_state or hard_state
        start = write.start or start
        if write.entries:
            first = write.entries[0].index
            log = {index: entry for index, entry in log.items() if index < first}
            log |= {entry.index: entry for entry in write.entries}
    kept = [entry for index, entry in sorted(log.items()) if index > start.index]
    return OnDisk(hard_state, start, kept, None, None)  # type: ignore[arg-type]


def live(directory: Path, files: FakeFiles, *, begin: int = 0) -> int:
    """Write what is left of the writes; returns how many are acknowledged when it ends."""
    done = begin
    try:
        storage = opened(directory, files)
        for write in WRITES[begin:]:
            storage.write(write)
            done += 1
        storage.close()
    except (PowerCut, OSError):
        if "storage" in locals():
            storage.close()
    return done


def calls_in_all(directory: Path) -> int:
    files = FakeFiles(directory, random.Random(0))
    assert live(directory, files) == len(WRITES)
    return files.calls


@pytest.mark.parametrize("seed", range(2))
def test_what_was_acknowledged_survives_a_power_cut_at_any_call(tmp_path: Path, seed: int) -> None:
    for at in range(calls_in_all(tmp_path)):
        rng = random.Random(seed * 1000 + at)
        files, done = FakeFiles(tmp_path, rng), 0
        for left in (at, rng.randrange(30), rng.randrange(30), None):
            files.left = left
            acknowledged = live(tmp_path, files, begin=done)
            files = files.after_power_cut()
            done = check_one_of(tmp_path, files, acknowledged)
            files = files.after_power_cut()
        assert done == len(WRITES)


def check_one_of(directory: Path, files: FakeFiles, acknowledged: int) -> int:
    """Return how many writes are there: those that were acknowledged, or one more."""
    with opened(directory, files) as storage:
        found = storage.load()
    for done in (acknowledged, min(acknowledged + 1, len(WRITES))):
        if found == state_after(done):
            return done
    raise AssertionError(f"{found} is not what {acknowledged} writes left")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_call_that_fails_loses_nothing_and_acknowledges_nothing(
    tmp_path: Path, code: int
) -> None:
    for at in range(calls_in_all(tmp_path)):
        files = FakeFiles(tmp_path, random.Random(at))
        files.left, files.failing = at, OSError(code, "as told")
        acknowledged = fails(lambda files=files: live(tmp_path, files))  # type: ignore[misc]
        files.left = None
        check_one_of(tmp_path, files, acknowledged)


def fails(act: Callable[[], int]) -> int:
    try:
        return act()
    except OperationError:
        return 0  # it could not be opened


def test_after_a_failed_sync_nothing_is_written_to_that_log(tmp_path: Path) -> None:
    files = FakeFiles(tmp_path, random.Random(1))
    storage = opened(tmp_path, files)
    storage.write(WRITES[0])
    files.left, files.failing = 1, OSError(errno.EIO, "as told")  # the write goes well
    with pytest.raises(OSError, match="as told"):
        storage.write(Persist(None, entries(4, 4)))
    files.left, calls = None, files.calls
    for _ in range(2):
        with pytest.raises(OSError, match="an earlier write failed"):
            storage.write(Persist(None, entries(4, 4)))
    assert files.calls == calls
    storage.close()
