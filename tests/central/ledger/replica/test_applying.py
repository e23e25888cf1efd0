"""When what is applied comes into the tables: in time, before anybody reads, or never."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from central.ledger.command import SumState
from central.ledger.errors import OutcomeUnknown
from central.ledger.replica import applying
from central.ledger.replica.applying import Applier
from central.ledger.replica.workers import Writer
from central.ledger.state.state_machine import Applied, StateMachine, read_entry
from central.raft import Entry
from tests.central.ledger.samples import (
    OCCUPIED,
    VACANT,
    appended,
    applied,
    batch,
    entries_of,
    layout,
)

DEADLINE = 60.0


class Watched:
    """An applier, and what it has told."""

    def __init__(self, directory: Path, writer: Writer) -> None:
        self.machine = StateMachine(directory)
        self.applied: list[int] = []
        self.stored: asyncio.Queue[int] = asyncio.Queue()
        self.failures: list[BaseException] = []
        self.applier = Applier(
            self.machine,
            writer,
            self._on_applied,
            read=read_entry,
            on_stored=lambda: self.stored.put_nowait(self.machine.stored_index),
            on_failure=self.failures.append,
        )

    def _on_applied(self, _: Sequence[Entry], applied: list[Applied]) -> None:
        self.applied += [one.index for one in applied]


@asynccontextmanager
async def watched(directory: Path) -> AsyncIterator[Watched]:
    writer = Writer("apply", directory / "state.db")
    one = Watched(directory, writer)
    one.applier.add(entries_of(applied(layout())))
    await one.applier.stored()
    try:
        yield one
    finally:
        writer.close()
        one.applier.close()


def flips(*numbers: int) -> list[Entry]:
    said = [appended(batch("near", n, ("A1", OCCUPIED if n % 2 else VACANT))) for n in numbers]
    return entries_of(*said, first=2)


async def test_who_proposed_is_told_first_and_the_tables_get_it_in_time(tmp_path: Path) -> None:
    async with watched(tmp_path) as one:
        one.applier.add(flips(1, 2))
        assert one.applied == [1, 2, 3]
        assert one.machine.stored_index == 1
        async with asyncio.timeout(DEADLINE):
            while await one.stored.get() < 3:
                pass


async def test_who_waits_hurries_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "STORE_AFTER", 1e6)
    async with watched(tmp_path) as one:
        one.applier.add(flips(1, 2))
        async with asyncio.timeout(DEADLINE):
            with one.applier.hurried():
                while await one.stored.get() < 3:
                    pass
                one.applier.add(flips(1, 2, 3)[2:])
                while await one.stored.get() < 4:
                    pass


async def test_whoever_reads_finds_all_that_is_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "STORE_AFTER", 1e6)
    async with watched(tmp_path) as one:
        one.applier.add(flips(1))
        await one.applier.stored()
        assert one.machine.stored_index == 2
        one.applier.add([Entry(3, 2)])  # a new term's first has no bytes, and is stored like others
        await one.applier.stored()
        assert one.machine.stored_index == 3
        assert await one.applier.alone(one.machine.make_durable) == 3


async def test_what_is_much_is_stored_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "STORE_AFTER", 1e6)
    monkeypatch.setattr(applying, "STORE_ROWS", 1)
    monkeypatch.setattr(applying, "CHECKPOINT_STORES", 1)
    async with watched(tmp_path) as one:
        one.applier.add(flips(1))
        one.applier.add(flips(1, 2)[1:])  # waits for the thread, which empties SQLite's own log
        async with asyncio.timeout(DEADLINE):
            while await one.stored.get() < 3:
                pass


async def test_what_needs_the_tables_is_told_as_stored_with_nothing_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else who wants a copy of a ledger at rest waits in vain for a cut that it holds already."""
    monkeypatch.setattr(applying, "STORE_AFTER", 1e6)
    async with watched(tmp_path) as one, asyncio.timeout(DEADLINE):
        assert await one.stored.get() == 1  # the layout
        one.applier.add(flips(1))
        one.applier.add(entries_of(SumState(), first=3))  # in the thread
        assert await one.stored.get() == 3


async def test_who_reads_where_the_disk_has_failed_is_told_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "STORE_AFTER", 1e6)
    async with watched(tmp_path) as one:
        one.applier.add(flips(1))
        one.machine._connection.execute("PRAGMA query_only = ON")  # as a disk that is full
        with pytest.raises(OutcomeUnknown):
            await one.applier.stored()
        assert "cannot be written" in str(one.failures[0])
        assert one.machine.applied_index == 1


async def test_what_was_just_sent_leaves_before_it_is_applied(tmp_path: Path) -> None:
    async with watched(tmp_path) as one:
        one.applier.add(flips(1), next_turn=True)
        assert one.applied == [1]
        await one.applier.alone(lambda: None)  # comes after all that waits
        assert one.applied == [1, 2]
        assert one.machine.stored_index == 2


async def test_the_order_stays_when_some_waits_for_the_next_turn(tmp_path: Path) -> None:
    first, second = flips(1, 2)
    async with watched(tmp_path) as one:
        one.applier.add([first], next_turn=True)
        one.applier.add([second])
        assert one.applied == [1, 2, 3]
        await one.applier.stored()
    assert one.failures == []


async def test_much_is_stored_next_and_too_much_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "STORE_AFTER", 1e6)
    async with watched(tmp_path) as one:
        one.applier.add(flips(1))
        monkeypatch.setattr(applying, "STORE_ROWS", 1)
        one.applier.add(flips(1, 2)[1:])
        assert one.machine.stored_index == 1  # whoever proposed it is answered first
        async with asyncio.timeout(DEADLINE):
            while await one.stored.get() < 3:
                pass
        monkeypatch.setattr(applying, "MOST_UNSTORED", 1)
        one.applier.add(flips(1, 2, 3)[2:])
        assert one.machine.stored_index == 4


async def test_what_nobody_waits_for_is_applied_a_little_later_and_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched(tmp_path) as one:
        first, second = flips(1, 2)
        monkeypatch.setattr(applying, "LATER_BYTES", 1)
        one.applier.add_later([first])
        one.applier.add_later([second])
        assert one.applied == [1]
        await one.applier.alone(lambda: None)  # comes after all that waits
        assert one.applied == [1, 2, 3]
        monkeypatch.setattr(applying, "APPLY_LATER", 1e6)
        third, fourth = flips(1, 2, 3, 4)[2:]
        one.applier.add_later([third])
        assert one.applied == [1, 2, 3]
        one.applier.add([fourth])  # somebody waits for this one
        assert one.applied == [1, 2, 3, 4, 5]


async def test_little_that_nobody_waits_for_is_applied_in_the_next_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "APPLY_LATER", 1e6)
    async with watched(tmp_path) as one:
        one.applier.add_later(flips(1))
        assert one.applied == [1]
        await asyncio.sleep(0)
        assert one.applied == [1, 2]


async def test_what_changes_often_is_written_once(tmp_path: Path) -> None:
    async with watched(tmp_path) as one:
        before = one.machine.unstored_rows
        one.applier.add(flips(*range(1, 11)))
        # A view, a spot, a session and its place in the index; ten entries and their links.
        assert (before, one.machine.unstored_rows) == (0, 24)
        await one.applier.stored()
        assert one.machine.unstored_rows == 0
        assert one.machine.rows_since_checkpoint >= 24
        await one.applier.alone(one.machine.checkpoint)
        assert one.machine.rows_since_checkpoint == 0
