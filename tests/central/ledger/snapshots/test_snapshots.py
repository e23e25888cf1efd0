"""Snapshots for peers that lag: what is read, and that helping one never fills the own disk."""

import hashlib
import logging
import shutil
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from central.layout.document import Layout, Spot
from central.ledger.client import LedgerClient
from central.ledger.errors import NoCopy
from central.ledger.replica.snapshot_traffic import SnapshotTraffic
from central.ledger.replica.workers import Worker
from central.ledger.snapshots import snapshots
from central.ledger.snapshots.snapshots import SnapshotSource
from central.raft import PieceWanted, Raft, Snapshot
from tests.central.ledger.books import book_of
from tests.central.ledger.cluster import Cluster
from tests.central.ledger.samples import OCCUPIED, VACANT, batch, layout

WANTED = PieceWanted("b", identity=None, offset=0)


def test_all_pieces_make_the_copy_and_it_is_made_once(tmp_path: Path) -> None:
    book = book_of(tmp_path, changes=3)
    source = SnapshotSource(book.machine.path)
    first = source.read(WANTED, at_least=0)
    data, piece = first.data, first
    while len(data) < first.size:
        wanted = PieceWanted("b", identity=first.identity, offset=len(data))
        piece = source.read(wanted, at_least=0)
        data += piece.data
    assert (first.index, piece.identity) == (4, first.identity)
    assert hashlib.sha256(data).digest() == first.identity
    book.close()


def test_a_copy_that_would_fill_the_disk_is_not_made_until_there_is_room(tmp_path: Path) -> None:
    book_of(tmp_path, changes=3).close()
    free = [60 << 20]
    source = SnapshotSource(tmp_path / "state.db", free_bytes=lambda _: free[0])
    with pytest.raises(NoCopy, match=r"60 MB of disk are free in .*, a copy needs 65: free 5 MB"):
        source.read(WANTED, at_least=0)
    assert [path.name for path in tmp_path.iterdir()] == ["state.db"]
    free[0] = 80 << 20
    assert source.read(WANTED, at_least=0).index == 4
    # What is there is read on, however full the disk has become; only another copy needs room.
    free[0] = 0
    assert source.read(WANTED, at_least=4).index == 4
    with pytest.raises(NoCopy):
        source.read(WANTED, at_least=5)
    assert [path.name for path in tmp_path.iterdir()] == ["state.db"]


def test_half_a_copy_is_not_left(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"no database, but quite as long as the head of one" * 99)
    source = SnapshotSource(tmp_path / "state.db")
    with pytest.raises(sqlite3.DatabaseError):
        source.read(WANTED, at_least=0)
    assert [path.name for path in tmp_path.iterdir()] == ["state.db"]


@dataclass(frozen=True)
class NothingDropped:
    """A core whose log is whole: all that is asked of it where no copy can be made."""

    start: Snapshot


async def test_that_there_is_no_room_is_said_once_a_minute_a_peer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    book_of(tmp_path, changes=3).close()
    source = SnapshotSource(tmp_path / "state.db", free_bytes=lambda _: 0)
    worker = Worker("test")
    raft = cast(Raft, NothingDropped(start=Snapshot(0, 0)))
    traffic = SnapshotTraffic(raft, source, worker, lambda: pytest.fail("the core was told"))
    for receiver in "bbcbc":
        await traffic.read(PieceWanted(receiver, None, 0))
    worker.close()
    said = [record.getMessage() for record in caplog.records]
    assert [line[:30] for line in said] == [
        f"no snapshot for {receiver}, which waits" for receiver in "bc"
    ]
    assert {record.levelname for record in caplog.records} == {"WARNING"}


async def test_a_peer_waits_until_the_primary_s_disk_has_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(snapshots, "SPARE_BYTES", 1 << 60)
    async with Cluster(tmp_path, kept_entries=5) as cluster:
        client = cluster.client()
        await client.apply(layout())
        behind = await cluster.backup()
        await cluster.stop(behind)
        for number in range(1, 60):
            await client.append(batch("near", number, ("A1", OCCUPIED if number % 2 else VACANT)))
        ahead = await cluster.status(await cluster.primary())
        cluster.start(behind)
        await cluster.said(caplog, f"no snapshot for {behind}, which waits: ")
        assert (await cluster.status(behind)).applied_index < ahead.applied_index
        assert ": free " in caplog.text
        monkeypatch.setattr(snapshots, "SPARE_BYTES", 0)
        await cluster.applied(behind, ahead.applied_index)
    assert f"snapshot to {behind}: " in caplog.text


async def test_a_backup_takes_no_snapshot_that_would_fill_its_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    real = shutil.disk_usage
    full: set[str] = set()

    def usage(directory: Path) -> "shutil._ntuple_diskusage":
        found = real(directory)
        return found._replace(free=3 << 20) if directory.name in full else found

    monkeypatch.setattr(shutil, "disk_usage", usage)
    async with Cluster(tmp_path, kept_entries=5) as cluster:
        client = cluster.client()
        await client.apply(layout())
        behind = await cluster.backup()
        await cluster.stop(behind)
        for number in range(1, 60):
            await client.append(batch("near", number, ("A1", OCCUPIED if number % 2 else VACANT)))
        primary = await cluster.primary()
        ahead = await cluster.status(primary)
        full.add(behind)
        cluster.start(behind)
        line = f"no snapshot is taken from {primary}: 3 MB of disk are free in {tmp_path / behind}"
        await cluster.said(caplog, line)
        assert ", a snapshot needs 65: free 62 MB more" in caplog.text
        status = await cluster.status(behind)  # it goes on running
        assert (status.primary_id, status.disk_free_bytes) == (primary, 3 << 20)
        assert status.applied_index < ahead.applied_index
        assert not list((tmp_path / behind).glob("*.part"))
        full.clear()
        await cluster.applied(behind, ahead.applied_index)
    assert "snapshot restored" in caplog.text


async def many_spots(client: LedgerClient) -> None:
    """Commit a megabyte of entries: layouts of a lot with many spots."""
    spots = tuple(Spot(f"a-rather-long-name-{number}") for number in range(2_500))
    large = Layout(lot_id="large", name="", zones=(), spots=spots, cameras=())
    for number in range(24):
        await client.apply(replace(large, name=f"Version {number}"))


async def test_a_backup_far_behind_gets_a_snapshot_though_the_log_holds_everything(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        behind = await cluster.backup()
        await cluster.stop(behind)
        await many_spots(client)
        ahead = await cluster.status(await cluster.primary())
        assert (ahead.first_log_index, ahead.snapshot_index) == (1, 0)
        cluster.start(behind)
        await cluster.applied(behind, ahead.applied_index)
        caught_up = await cluster.status(behind)
        assert caught_up.snapshot_index >= ahead.applied_index
        assert caught_up.state_hash == ahead.state_hash
        # What is committed from now on comes as entries.
        await client.apply(layout())
        await cluster.applied(behind, ahead.applied_index + 1)
        # And after a restart nothing is missing that a snapshot would be wanted for.
        await cluster.stop(behind)
        cluster.start(behind)
        await cluster.applied(behind, ahead.applied_index + 1)
        assert (await cluster.status(behind)).snapshot_index == 0


async def test_a_backup_that_may_take_no_snapshot_gets_the_entries_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(snapshots, "SPARE_BYTES", 1 << 60)
    async with Cluster(tmp_path) as cluster:
        client = cluster.client()
        behind = await cluster.backup()
        await cluster.stop(behind)
        await many_spots(client)
        ahead = await cluster.status(await cluster.primary())
        cluster.start(behind)
        await cluster.applied(behind, ahead.applied_index)
        assert (await cluster.status(behind)).snapshot_index == 0
    assert f"no snapshot for {behind}, which waits: " in caplog.text
