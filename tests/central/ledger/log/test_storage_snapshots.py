"""Snapshots that arrive: their pieces, and the restart from them."""

from dataclasses import replace
from pathlib import Path

import pytest

from central.ledger.log.storage import CorruptLogError, OnDisk
from central.raft import HardState, Persist, Restore, Snapshot
from tests.central.ledger.log.logs import (
    BYTES,
    GROUP,
    IDENTITY,
    REPLACED,
    entries,
    open_storage,
    piece,
)


def parts(directory: Path) -> set[str]:
    return {path.name for path in directory.glob("*.part")}


def test_a_snapshot_arrives_in_pieces_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    with open_storage(tmp_path) as storage:
        storage.write(Persist(pieces=(piece(0, 5), piece(5, 9))))
    with open_storage(tmp_path) as storage:
        received = storage.load().received
        assert received is not None
        assert (received.snapshot, received.identity) == (Snapshot(50, 2, GROUP), IDENTITY)
        assert (received.end, received.size) == (9, len(BYTES))
        assert not storage.verify(IDENTITY)
        storage.write(Persist(pieces=(piece(9, len(BYTES)),)))
        assert storage.verify(IDENTITY)
        assert storage.snapshot_path(IDENTITY).read_bytes() == BYTES


def test_a_flipped_bit_in_a_snapshot_is_found(tmp_path: Path) -> None:
    with open_storage(tmp_path) as storage:
        storage.write(Persist(pieces=(piece(0, len(BYTES)),)))
        path = storage.snapshot_path(IDENTITY)
        path.write_bytes(BYTES[:-1] + bytes([BYTES[-1] ^ 4]))
        assert not storage.verify(IDENTITY)


def test_one_snapshot_arrives_at_a_time(tmp_path: Path) -> None:
    other = piece(0, 3, b"another state")
    with open_storage(tmp_path) as storage:
        storage.write(Persist(pieces=(piece(0, 5), other)))
        assert parts(tmp_path) == {f"snapshot-{other.identity.hex()}.part"}
        storage.write(Persist(pieces=(piece(0, 5),)))
        assert parts(tmp_path) == {f"snapshot-{IDENTITY.hex()}.part"}


def test_a_restart_is_pending_until_it_is_done(tmp_path: Path) -> None:
    start = Snapshot(50, 2, GROUP)
    with open_storage(tmp_path) as storage:
        storage.write(Persist(HardState(2, None), entries(1, 60)))
        storage.write(Persist(pieces=(piece(0, len(BYTES)),)))
        storage.write(Persist(start=start, restore=Restore(start, IDENTITY)))
        storage.write(Persist(None, entries(51, 52, term=3)))
    with open_storage(tmp_path) as storage:
        loaded = storage.load()
        assert (loaded.start, loaded.entries) == (start, [*entries(51, 52, term=3)])
        assert loaded.restore == Restore(start, IDENTITY)
        assert storage.verify(IDENTITY)
        storage.restored()
        assert storage.load() == OnDisk(
            HardState(2, None), start, [*entries(51, 52, term=3)], None, None
        )
        assert parts(tmp_path) == set()
        storage.restored()  # once more changes nothing
    with open_storage(tmp_path) as storage:
        assert storage.load().restore is None


def test_a_snapshot_that_arrives_again_never_writes_into_the_state_that_it_became(
    tmp_path: Path,
) -> None:
    """They are one file: if its name could not be deleted then, its bytes may not change."""
    with open_storage(tmp_path) as storage:
        storage.write(Persist(pieces=(piece(0, len(BYTES)),)))
        state = tmp_path / "state.db"
        state.hardlink_to(storage.snapshot_path(IDENTITY))
        state.write_bytes(b"the state went on")
        storage.write(Persist(pieces=(piece(0, 5),)))
        assert state.read_bytes() == b"the state went on"
        assert storage.snapshot_path(IDENTITY).read_bytes() == BYTES[:5]


def test_a_restart_keeps_its_snapshot_while_the_next_one_arrives(tmp_path: Path) -> None:
    # One Effects can carry both: pieces that came after `snapshot_received`, and the restart.
    other = piece(0, 3, b"another state", index=90)
    with open_storage(tmp_path) as storage:
        storage.write(Persist(pieces=(piece(0, len(BYTES)),)))
        storage.write(replace(REPLACED, pieces=(other,)))
    with open_storage(tmp_path) as storage:
        loaded = storage.load()
        assert loaded.restore == Restore(Snapshot(50, 2, GROUP), IDENTITY)
        assert loaded.received is not None
        assert loaded.received.identity == other.identity
        storage.restored()
        assert parts(tmp_path) == {f"snapshot-{other.identity.hex()}.part"}


def test_a_snapshot_that_compaction_overtook_is_dropped(tmp_path: Path) -> None:
    with open_storage(tmp_path) as storage:
        storage.write(Persist(pieces=(piece(0, 5),)))
        storage.write(Persist(None, entries(1, 60)))
        storage.write(Persist(start=Snapshot(50, 1, GROUP)))
        assert storage.load().received is None
        assert parts(tmp_path) == set()


def test_lost_pieces_are_asked_for_again_but_a_lost_restore_is_damage(tmp_path: Path) -> None:
    with open_storage(tmp_path) as storage:
        storage.write(Persist(pieces=(piece(0, 5),)))
        storage.snapshot_path(IDENTITY).unlink()
    with open_storage(tmp_path) as storage:
        assert storage.load().received is None
        storage.write(Persist(pieces=(piece(0, len(BYTES)),)))
        storage.write(REPLACED)
        storage.snapshot_path(IDENTITY).write_bytes(BYTES[:-1])
    with pytest.raises(CorruptLogError, match=r"snapshot-.*\.part is gone or damaged"):
        open_storage(tmp_path)
