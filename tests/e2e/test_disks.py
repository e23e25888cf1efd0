"""A replica's process and its disk: what it leaves there, and what it says when the disk fails."""

import asyncio
import os
import re
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from central.demo.ports import free_addresses
from central.ledger.client import LedgerClient
from node.address import Address
from tests.central.ledger.log.segment_files import blocks, flip, segments, set_version
from tests.central.ledger.log.test_storage_full_disk import mounted
from tests.e2e.replicas import LAYOUT, START_S, Writer, check_nothing_lost, three_replicas
from tests.e2e.test_operator import run

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")


def arguments(data: Path, address: Address) -> tuple[str, ...]:
    return ("ledger", "--replica-id", "a", "--listen", str(address), "--data", str(data))


async def lived(data: Path, address: Address, *, changes: int = 6) -> list[int]:
    """Let a replica live for a while; returns the modes of the files it had while it served."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "node", *arguments(data, address)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        umask=0o022,
    )
    client = LedgerClient([address])
    try:
        await client.apply(LAYOUT, timeout=START_S)
        writer = Writer(client)
        for _ in range(changes):
            await writer.write()
        return modes(data)
    finally:
        await client.close()
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), START_S) == 0


def modes(directory: Path) -> list[int]:
    files = [path for path in directory.rglob("*") if path.is_file()]
    return sorted({path.stat().st_mode & 0o777 for path in files})


async def refused(data: Path, address: Address, code: int) -> str:
    """Start a replica that must not start; returns what it says, which is one line."""
    ended, _, errors = await run(*arguments(data, address), "--log-level", "error")
    assert ended == code, errors
    (line,) = errors.splitlines()
    return line


async def test_every_file_is_its_owners_alone_while_it_serves(tmp_path: Path) -> None:
    (address,) = free_addresses(1)
    assert await lived(tmp_path / "a", address) == [0o600]
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700
    assert modes(tmp_path / "a") == [0o600]


async def test_one_process_at_a_time_has_a_directory(tmp_path: Path) -> None:
    one, other = free_addresses(2)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "node", *arguments(tmp_path / "a", one)),
        stderr=asyncio.subprocess.DEVNULL,
    )
    client = LedgerClient([one])
    try:
        await client.apply(LAYOUT, timeout=START_S)
        said = await refused(tmp_path / "a", other, 2)
        assert f"data directory '{tmp_path / 'a'}' is in use by another process" in said
    finally:
        await client.close()
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), START_S)


async def test_a_flipped_bit_is_named_with_file_and_index(tmp_path: Path) -> None:
    (address,) = free_addresses(1)
    await lived(tmp_path / "a", address)
    (segment,) = segments(tmp_path / "a")
    flip(segment, blocks(segment)[2].end + 20)
    said = await refused(tmp_path / "a", address, 1)
    assert f"{tmp_path / 'a' / 'log'} cannot be read ({segment.name} is damaged at byte" in said
    assert re.search(r"entries from \d+ on do not match their checksum", said)


@pytest.mark.parametrize("newer", ["log", "state.db"])
async def test_a_newer_schema_is_left_as_it_is(tmp_path: Path, newer: str) -> None:
    (address,) = free_addresses(1)
    await lived(tmp_path / "a", address, changes=1)
    if newer == "log":
        set_version(tmp_path / "a", 99)
    else:
        with closing(sqlite3.connect(tmp_path / "a" / newer)) as connection, connection:
            connection.execute("UPDATE meta SET schema_version = 99")
    said = await refused(tmp_path / "a", address, 2)
    assert "has schema version 99, this program knows" in said
    assert said.endswith("upgrade Parkledger")
    # Nothing was rebuilt, or brought up to date, over it.
    with closing(sqlite3.connect(tmp_path / "a" / "state.db")) as connection:
        assert connection.execute("SELECT count(*) FROM history").fetchone() == (1,)


@needs_root
async def test_a_primary_whose_disk_is_full_stops_and_nothing_is_lost(tmp_path: Path) -> None:
    async with three_replicas(tmp_path) as group:
        writer = Writer(group.ledger)
        await writer.write()
        victim = await group.primary_id()
        data, kept = await group.set_aside(victim)
        with mounted("none", data, "-t", "tmpfs", "-o", "size=8m,mode=700"):
            await group.start_on(data, victim, kept=kept)
            writing = asyncio.create_task(writer.run())
            await writer.wait_for(5)
            await group.let_lead(victim)
            # Real: what fills it is on the same disk.
            ballast = data / "ballast"
            with ballast.open("wb", buffering=0) as file:
                try:
                    while file.write(bytes(4096)):
                        pass
                except OSError:
                    pass
            child = group.supervisor.children[victim]
            child.stopping = True
            assert await asyncio.wait_for(child.process.wait(), START_S) == 1
            last = child.log.read_text().splitlines()[-1]
            assert "cannot be written" in last
            assert "this replica stops" in last
            await writer.wait_for(20)  # the others go on
            ballast.unlink()
            await group.start(victim)
            await writer.wait_for(20)  # while it catches up
            writer.enough = True
            await asyncio.wait_for(writing, START_S)
            await check_nothing_lost(group, writer)  # on all three, the victim too
            await group.supervisor.stop(list(group.supervisor.children), grace=START_S)
