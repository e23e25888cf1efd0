"""The real storage and the simulator's model of it, held against each other.

What the simulator finds out about the core rests on that model. Here both take the same random
writes, restarts and power cuts; a power cut leaves the real one torn files, and it must then hold
what the model held before or after the write that was cut.
"""

import copy
import hashlib
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from central.ledger.log.storage import Storage
from central.raft import Configuration, Entry, HardState, Persist, Piece, Restore, Snapshot
from tests.central.ledger.power_cut import cut, read_files, write_files
from tests.simulation.disk import Disk
from tests.simulation.machine import Machine

# No fsync is put to the test here, so none is waited for where that can be helped.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
FIRST = Snapshot(0, 0, Configuration(frozenset("abc")))
View = tuple[Any, ...]


def view_of_model(disk: Disk) -> View:
    arriving = disk.arriving
    if arriving is None or (
        # Nobody asks for it any more: the storage may forget it, the model need not.
        disk.pending is None and arriving.last.snapshot.index <= disk.start.index
    ):
        received = None
    else:
        last = arriving.last
        received = (last.snapshot, last.identity, last.size, last.end, bytes(arriving.data))
    return disk.hard_state, disk.start, disk.entries, received, disk.pending


def view_of(storage: Storage) -> View:
    loaded = storage.load()
    received = None
    if (piece := loaded.received) is not None:
        data = storage.snapshot_path(piece.identity).read_bytes()[: piece.end]
        received = (piece.snapshot, piece.identity, piece.size, piece.end, data)
    return loaded.hard_state, loaded.start, loaded.entries, received, loaded.restore


class Writes:
    """Makes writes such as the core makes; `rng` decides."""

    def __init__(self, disk: Disk, rng: random.Random) -> None:
        self._disk = disk
        self._rng = rng

    def any(self) -> Persist:
        rng, disk = self._rng, self._disk
        arriving = disk.arriving
        whole = arriving is not None and arriving.last.end == arriving.last.size
        newer = arriving is not None and arriving.last.snapshot.index > disk.start.index
        if arriving is not None and whole and newer and rng.random() < 0.6:
            whole_at = arriving.last.snapshot
            entries = self._entries(whole_at.index, whole_at.index)
            restore = Restore(whole_at, arriving.last.identity)
            pieces = self._pieces(after=whole_at.index) if rng.random() < 0.3 else ()
            return Persist(
                self._hard_state(), entries, start=whole_at, restore=restore, pieces=pieces
            )
        start_index = disk.start.index
        start = None
        if rng.random() < 0.25 and disk.entries:
            compacted = rng.choice(disk.entries)
            start = Snapshot(compacted.index, compacted.term, self._configuration())
            start_index = start.index
            disk.machine = Machine(applied=start.index)
        pieces = self._pieces() if rng.random() < 0.4 else ()
        entries = self._entries(start_index, disk.last_index)
        return Persist(self._hard_state(), entries, start=start, pieces=pieces)

    def _hard_state(self) -> HardState | None:
        if self._rng.random() < 0.5:
            return None
        term = self._disk.hard_state.term + self._rng.randrange(2)
        return HardState(term, self._rng.choice((None, "a", "b")))

    def _entries(self, start: int, last: int) -> tuple[Entry, ...]:
        rng = self._rng
        back = rng.choice((0, 0, 0, 1, 2, 7))
        first = max(start + 1, last + 1 - back)
        return tuple(self._entry(index) for index in range(first, first + rng.randrange(5)))

    def _entry(self, index: int) -> Entry:
        rng, term = self._rng, self._disk.hard_state.term
        if rng.random() < 0.2:
            return Entry(index, term, configuration=self._configuration())
        return Entry(index, term, rng.randbytes(rng.choice((0, 1, 30, 500, 9000))))

    def _configuration(self) -> Configuration:
        names = self._rng.sample("abcde", 4)
        return Configuration(frozenset(names[:3]), frozenset(names[3:]), self._rng.randbytes(3))

    def _pieces(self, *, after: int = 0) -> tuple[Piece, ...]:
        rng, arriving = self._rng, self._disk.arriving
        if (
            arriving is None
            or arriving.last.end == arriving.last.size
            or arriving.last.snapshot.index <= self._disk.start.index  # the core drops such
            or rng.random() < 0.3
        ):
            snapshot = Snapshot(
                max(after, self._disk.last_index) + rng.randrange(1, 9), 1, self._configuration()
            )
            data = Machine(applied=snapshot.index).to_bytes(f"{rng.random()}" * 20)
            identity, offset = hashlib.sha256(data).digest(), 0
            SNAPSHOTS[identity] = data
        else:
            snapshot, identity = arriving.last.snapshot, arriving.last.identity
            data, offset = SNAPSHOTS[identity], arriving.last.end
        pieces = []
        for _ in range(rng.choice((1, 1, 2, 9))):
            end = min(len(data), offset + rng.choice((1, 60, 200)))
            pieces.append(Piece(snapshot, identity, len(data), offset, data[offset:end]))
            offset = end
            if offset == len(data):
                break
        return tuple(pieces)


SNAPSHOTS: dict[bytes, bytes] = {}  # what the leader would read them from, by identity


class StorageIsTheModel(RuleBasedStateMachine):
    """Takes the same steps with both."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="storage-", dir=MEMORY))
        self.number = 0
        self.model = Disk(FIRST)
        self.real = self._open()

    def teardown(self) -> None:
        self.real.close()
        shutil.rmtree(self.root)

    @precondition(lambda self: self.model.pending is None)
    @rule(seed=st.integers(0, 1 << 20))
    def write(self, seed: int) -> None:
        persist = Writes(self.model, random.Random(seed)).any()
        self.real.write(persist)
        self._write_model(self.model, persist)
        self._compare()

    @precondition(lambda self: self.model.pending is None)
    @rule(seed=st.integers(0, 1 << 20))
    def lose_power_during_a_write(self, seed: int) -> None:
        rng = random.Random(seed)
        persist = Writes(self.model, rng).any()
        after = copy.deepcopy(self.model)
        self._write_model(after, persist)
        self._lose_power(lambda: self.real.write(persist), after, rng)

    @precondition(lambda self: self.model.pending is not None)
    @rule()
    def restored(self) -> None:
        self.real.restored()
        self.model.restored()
        self._compare()

    @precondition(lambda self: self.model.pending is not None)
    @rule(seed=st.integers(0, 1 << 20))
    def lose_power_while_it_is_restored(self, seed: int) -> None:
        after = copy.deepcopy(self.model)
        after.restored()
        self._lose_power(lambda: self.real.restored(), after, random.Random(seed))

    @rule()
    def stop_and_start(self) -> None:
        self.real.close()
        self.real = self._open()
        self._compare()

    @rule()
    def lose_power_between_writes(self) -> None:
        self._move_to(read_files(self._directory))
        self._compare()

    @property
    def _directory(self) -> Path:
        return self.root / str(self.number)

    def _open(self) -> Storage:
        # Segments so small that many a power cut meets a new one.
        return Storage(
            self._directory,
            cluster_id="c",
            replica_id="a",
            first=FIRST,
            segment_bytes=1 << 14,
            ahead=False,
        )

    def _compare(self) -> None:
        assert view_of(self.real) == view_of_model(self.model)

    def _write_model(self, disk: Disk, persist: Persist) -> None:
        disk.begin(persist, machine=None)
        disk.finish()

    def _lose_power(self, act: Callable[[], None], after: Disk, rng: random.Random) -> None:
        files_before = read_files(self._directory)
        act()
        _, left = cut(files_before, read_files(self._directory), rng)
        self._move_to(left)
        found = view_of(self.real)
        assert found in (view_of_model(self.model), view_of_model(after))
        if found == view_of_model(after):
            self.model = after

    def _move_to(self, files: dict[str, bytes]) -> None:
        self.real.close()
        self.number += 1
        write_files(self._directory, files)
        self.real = self._open()


StorageIsTheModel.TestCase.settings = settings(
    max_examples=50, stateful_step_count=20, derandomize=True, deadline=None
)
TestStorageIsTheModel = StorageIsTheModel.TestCase
