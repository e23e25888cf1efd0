"""Where and when the log is written: in the thread, or on the event loop where that is quick."""

import asyncio
import errno
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from central.ledger.log.files import DiskFiles
from central.ledger.log.storage import Storage
from central.ledger.replica import writing
from central.ledger.replica.workers import Answer, Then, Writer
from central.ledger.replica.writing import LogWriter
from central.raft import Configuration, Effects, Entry, Persist, Snapshot
from node.errors import OperationError

DEADLINE = 60.0
ENOUGH = 20  # writes until the average is believed


class FailingFiles(DiskFiles):
    """A disk that can fail."""

    fail = False

    def sync(self, descriptor: int) -> None:
        if self.fail:
            raise OSError(errno.EIO, "as told")
        super().sync(descriptor)


class Thread(Writer):
    """Counts what it is given."""

    given = 0

    def begin(self, action: Callable[[], Answer], then: Then[Answer]) -> None:
        self.given += 1
        super().begin(action, then)


class Log:
    """A log that is written, and what was obeyed."""

    def __init__(self, directory: Path) -> None:
        first = Snapshot(configuration=Configuration(frozenset("a")))
        self.files = FailingFiles()
        self.storage = Storage(
            directory,
            cluster_id="n",
            replica_id="a",
            first=first,
            segment_bytes=1 << 13,
            ahead=False,
            files=self.files,
        )
        self.thread = Thread("disk", self.storage.path)
        self.leads = False
        self.obeyed: list[int] = []
        self.applied: list[int] = []
        self.failures: list[BaseException] = []
        self.last = 0
        self.more = asyncio.Event()
        self.writer = LogWriter(
            self.storage,
            self.thread,
            obey=self._obey,
            apply=lambda entries: self.applied.extend(entry.index for entry in entries),
            leads=lambda: self.leads,
            on_failure=self._fail,
        )

    def _obey(self, batch: Sequence[Effects]) -> None:
        self.obeyed += [each.persist.entries[-1].index for each in batch if each.persist]
        self.applied += [entry.index for each in batch for entry in each.committed]
        self.more.set()

    def _fail(self, error: BaseException) -> None:
        self.failures.append(error)
        self.more.set()

    def add(self, *, committed: Sequence[int] = ()) -> bool:
        """Write an entry; returns whether that is done now."""
        self.last += 1
        write = Persist(entries=(Entry(self.last, 1, b"x"),))
        self.writer.add(Effects(persist=write, committed=entries(*committed)))
        return self.last in self.obeyed

    def commit(self, *indexes: int) -> None:
        """Add what asks for no write."""
        self.writer.add(Effects(committed=entries(*indexes)))

    async def all_obeyed(self) -> None:
        async with asyncio.timeout(DEADLINE):
            while self.last not in self.obeyed:
                self.more.clear()
                await self.more.wait()


def entries(*indexes: int) -> tuple[Entry, ...]:
    return tuple(Entry(index, 1, b"x") for index in indexes)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    one = Log(tmp_path)
    yield one
    one.thread.close()
    one.storage.close()


async def test_a_backup_waits_for_a_quick_disk(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not log.add()  # nobody knows yet how quick it is
    await log.all_obeyed()
    monkeypatch.setattr(writing, "QUICK_S", 1e6)
    assert log.add()
    assert log.thread.given == 1
    assert log.obeyed == [1, 2]


async def test_a_primary_waits_for_a_quick_disk_when_its_messages_have_left(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "QUICK_LEADING_S", 1e6)
    log.leads = True
    assert not log.add()
    assert log.writer.is_busy
    assert not log.add()  # in its order
    await log.all_obeyed()
    assert log.obeyed == [1, 2]
    assert not log.writer.is_busy
    assert not log.thread.given


async def test_a_new_primary_does_not_trust_its_disk_yet(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "QUICK_S", 30.0)
    monkeypatch.setattr(writing, "QUICK_LEADING_S", 30.0)
    for _ in range(ENOUGH):
        log.add()
        await log.all_obeyed()
    given = log.thread.given
    assert log.add()  # the disk is quick by now
    log.leads = True
    log.add()
    await log.all_obeyed()
    assert log.thread.given == given + 1


@pytest.mark.parametrize("leads", [True, False])
async def test_a_slow_disk_is_left_to_the_thread(
    log: Log, monkeypatch: pytest.MonkeyPatch, *, leads: bool
) -> None:
    log.leads = leads
    monkeypatch.setattr(writing, "QUICK_LEADING_S" if leads else "QUICK_S", 0.0)
    for _ in range(ENOUGH):
        assert not log.add()
        await log.all_obeyed()
    assert log.thread.given == ENOUGH


async def test_what_needs_a_new_file_is_left_to_the_thread(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "QUICK_S", 1e6)
    at_once = []
    for _ in range(400):  # 48 bytes each, of files of 8 kB
        at_once.append(log.add())
        await log.all_obeyed()
    assert 2 <= at_once.count(False) <= 8
    assert log.obeyed == list(range(1, 401))


async def test_a_disk_that_fails_is_named(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "QUICK_S", 1e6)
    log.files.fail = True
    with pytest.raises(OperationError, match="log cannot be written"):
        log.add()
    assert log.obeyed == []


async def test_a_disk_that_fails_a_primary_ends_it(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "QUICK_LEADING_S", 1e6)
    log.leads = True
    log.files.fail = True
    log.add()
    async with asyncio.timeout(DEADLINE):
        await log.more.wait()
    assert isinstance(log.failures[0], OperationError)
    assert log.obeyed == []


async def test_a_primary_applies_what_is_on_its_disk_before_it_writes(log: Log) -> None:
    log.leads = True
    log.add()
    await log.all_obeyed()
    assert not log.add(committed=[1])
    assert log.applied == [1]
    assert log.writer.is_busy
    await log.all_obeyed()
    assert log.applied == [1]


async def test_a_primary_applies_nothing_that_is_being_written(log: Log) -> None:
    log.leads = True
    log.add()
    log.commit(1)
    assert log.applied == []
    await log.all_obeyed()
    assert log.applied == [1]
    assert not log.add(committed=[1, 2])  # of which one is written
    assert log.applied == [1, 1]
    log.commit(3)  # waits behind 2
    assert log.applied == [1, 1]
    await log.all_obeyed()
    assert log.applied == [1, 1, 2, 3]


async def test_a_backup_writes_before_it_applies(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "QUICK_S", 0.0)
    log.add()
    await log.all_obeyed()
    log.add(committed=[1])
    assert log.applied == []
    await log.all_obeyed()
    assert log.applied == [1]


async def test_nothing_is_applied_while_somebody_holds_all(log: Log) -> None:
    log.leads = True
    log.add()
    await log.all_obeyed()
    log.writer.hold()
    log.add(committed=[1])
    assert log.applied == []
    log.writer.release()
    await log.all_obeyed()
    assert log.applied == [1]


@pytest.mark.parametrize("leads", [True, False])
@pytest.mark.parametrize("quick_s", [0.0, 1e6])
async def test_nothing_is_obeyed_after_a_write_that_failed(
    log: Log, monkeypatch: pytest.MonkeyPatch, *, leads: bool, quick_s: float
) -> None:
    log.leads = leads
    log.add()
    await log.all_obeyed()
    for name in ("QUICK_S", "QUICK_LEADING_S"):
        monkeypatch.setattr(writing, name, quick_s)
    log.files.fail = True
    try:
        log.add()
        async with asyncio.timeout(DEADLINE):
            while not log.failures:
                log.more.clear()
                await log.more.wait()
    except OperationError as error:
        log.failures.append(error)
    log.commit(2)  # by the disks of others
    log.commit(3)
    await asyncio.sleep(0)
    assert log.applied == []
    assert log.obeyed == [1]
    assert len(log.failures) == 1
