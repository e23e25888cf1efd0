"""`parkledger layout`: what is committed, as a file that `parkledger apply` reads back."""

import asyncio
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from central.layout.document import Camera, Layout
from central.layout.toml import parse_layout, read_layout
from central.ledger.interface import LedgerRefused, LedgerUnavailable
from central.ledger.records import LedgerState, LotState
from central.operator.layout_cli import committed, write_whole
from node.errors import UsageError
from tests.central.layout.layouts import NORTH, north
from tests.central.ledger.cluster import DEADLINE, Cluster
from tests.central.operator.scripted_ledger import ScriptedLedger
from tests.command_line import Runner
from tests.e2e.test_operator import run as run_process


def holding(layout: Layout, *, version: int = 4) -> ScriptedLedger:
    lot = LotState("north", layout.name, version, (), layout=layout)
    return ScriptedLedger(state=LedgerState(index=40, age_us=0, lots=(lot,)))


async def test_what_is_written_is_read_back_as_the_same_layout() -> None:
    (camera,) = north().cameras
    moved = replace(camera, reference=bytes(range(256)))
    for layout in (north(), replace(north(), cameras=(moved, Camera("blind")))):
        ledger = holding(layout)
        text = await committed(ledger, "north", as_of_us=None, timeout=1.0)
        assert parse_layout(text, file="x") == layout
    assert text.startswith("# north: version 4, 2 spots, 2 cameras\n# One lot for Parkledger.")


async def test_an_earlier_one_says_when_it_stood() -> None:
    ledger = holding(north(), version=2)
    text = await committed(ledger, "north", as_of_us=1_795_356_000_000_000, timeout=1.0)
    assert ledger.asked_as_of == [1_795_356_000_000_000]
    assert text.startswith("# north: version 2 as it stood at 2026-11-22T14:00:00.000Z, 2 spots")


async def test_an_unknown_lot_is_the_persons_mistake_and_a_silent_ledger_is_not() -> None:
    refused = ScriptedLedger(state=LedgerRefused("lot 'north' is not known"))
    with pytest.raises(UsageError, match="lot 'north' is not known"):
        await committed(refused, "north", as_of_us=None, timeout=1.0)
    with pytest.raises(LedgerUnavailable):
        await committed(ScriptedLedger(), "north", as_of_us=None, timeout=1.0)


def test_wrong_use_is_told_in_one_line_and_writes_nothing(run: Runner, tmp_path: Path) -> None:
    there = tmp_path / "north.toml"
    there.write_text(NORTH)
    for arguments, code, said in (
        (("-o", there), 2, "north.toml: is there already; give another name, or --replace"),
        (("--as-of", "soon"), 2, "--as-of 'soon': write 2026-11-22T14:00"),
        (("--as-of", "2999-01-01"), 2, "--as-of 2999-01-01 is in the future"),
        (("--zone", "Nowhere"), 2, "--zone 'Nowhere': give an IANA name"),
        (
            ("-o", there, "--replace", "--ledger", "127.0.0.1:1", "--timeout", "0.2"),
            1,
            "the ledger gave no answer within 0.2 s",
        ),
    ):
        ended = run("layout", "north", *arguments)
        assert (ended.code, ended.out) == (code, []), ended.err
        assert said in ended.err
        assert ended.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["north.toml"]
    assert there.read_text() == NORTH


def test_a_folder_that_cannot_be_written_to_is_named() -> None:
    with pytest.raises(UsageError, match=r"/proc/north\.toml: cannot be written"):
        write_whole(Path("/proc/north.toml"), "")


async def test_of_a_ledger_that_runs_the_last_and_an_earlier_one(tmp_path: Path) -> None:
    first, second = north(), replace(north(), name="Redrawn")
    async with Cluster(tmp_path / "data", replica_ids=("a",)) as cluster:
        client = cluster.client()
        await client.apply(first, timeout=DEADLINE)
        before_us = time.time_ns() // 1000
        await client.apply(second)

        file = tmp_path / "north.toml"
        ledger = ("--ledger", str(cluster.addresses["a"]))
        code, output, errors = await run_process("layout", "north", "-o", str(file), *ledger)
        assert (code, errors) == (0, "")
        assert output == f"{file}: north: version 2, 2 spots, 1 camera\n"
        assert read_layout(file) == second
        code, output, _ = await run_process("apply", str(file), *ledger)
        assert (code, output) == (0, "north: unchanged (version 2)\n")

        text = await committed(client, "north", as_of_us=before_us, timeout=DEADLINE)
        assert parse_layout(text, file="x") == first
        code, output, _ = await run_process("layout", "north", *ledger)
        assert (code, output) == (0, file.read_text())
        code, output, errors = await run_process("layout", "south", *ledger)
        assert (code, output) == (2, "")
        assert errors.startswith("parkledger: lot 'south' is not known: ")
    assert not file.with_name("north.toml.part").exists()


async def test_a_reader_that_left_is_no_error(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        await cluster.client().apply(north(), timeout=DEADLINE)
        reading, writing = os.pipe()
        os.close(reading)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "node", "layout", "north"),
            *("--ledger", str(cluster.addresses["a"])),
            stdout=writing,
            stderr=asyncio.subprocess.PIPE,
        )
        os.close(writing)
        _, errors = await asyncio.wait_for(process.communicate(), DEADLINE)
    assert (process.returncode, errors) == (0, b"")
