"""One replica: the loop that puts clock, disk and network round the consensus core.

Four tasks on one event loop, each doing one of the things that `Effects` asks for:

    clock ─tick─┐
    peers ─step─┼─> pump: core.take_effects() ─> network (messages_now)
    clients ────┘     └─> disk: fsync, then messages_after ─> apply: state machine, then answers

While a write is under way the core goes on taking input, and what gathers meanwhile becomes the
next write: that is how a burst of proposals shares an fsync.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial
from typing import TypeVar

from central.ledger.command import Command, encode
from central.ledger.errors import NotPrimary
from central.ledger.hearing import Hearing
from central.ledger.members import Standing
from central.ledger.membership import Membership
from central.ledger.opening import Opened
from central.ledger.outcome import Outcome
from central.ledger.queries import Queries
from central.ledger.requests import Requests
from central.ledger.snapshot_traffic import SnapshotTraffic
from central.ledger.snapshots import SnapshotSource
from central.ledger.state_machine import StateMachine, replace_state
from central.ledger.workers import Workers
from central.raft import (
    AppendEntries,
    Effects,
    Entry,
    InstallSnapshot,
    Message,
    NotLeader,
    Persist,
    Restore,
    Role,
    merge_writes,
)
from node.address import Address
from node.errors import OperationError

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

MAX_LOG_BYTES = 64 << 20
"""Applied entries are dropped from the log earlier if they hold more than that."""


class Replica:
    """A member of the cluster. Make it, `run` it, then `submit` and `barrier`."""

    def __init__(
        self,
        opened: Opened,
        *,
        send: Callable[[Iterable[Message]], None],
        wall_clock_us: Callable[[], int] = lambda: time.time_ns() // 1000,
        on_members: Callable[[Standing], None] = lambda _: None,
    ) -> None:
        """Take over what was opened, and restart from it. `send` must not wait and may lose.

        `on_members` is told who the members are whenever that changes.
        """
        self.settings = opened.settings
        self._send = send
        self._wall_clock_us = wall_clock_us
        self._storage = opened.storage
        self._state_machine = opened.state_machine
        self._raft = opened.raft
        self._received = opened.received
        self._queries = Queries(self._state_machine.path)
        self._applied_index = self._state_machine.applied_index
        self._applied_term = 0
        self._applied_bytes = 0  # since the log was compacted
        self._chain_head = self._state_machine.chain_head
        self._wake = asyncio.Event()
        self._to_disk: asyncio.Queue[Effects] = asyncio.Queue()
        self._to_apply: asyncio.Queue[tuple[Entry, ...]] = asyncio.Queue()
        self._requests = Requests()
        self._applied_more = asyncio.Event()
        self._was_primary = False
        self._hearing = Hearing()
        self._workers = Workers(log=opened.storage.path, state=opened.state_machine.path)
        source = SnapshotSource(self._state_machine.path)
        self._snapshots = SnapshotTraffic(
            self._raft, source, self._workers.snapshot, self._wake.set
        )
        self.membership = Membership(
            self.settings,
            self._raft,
            self._requests,
            self._hearing,
            wake=self._wake.set,
            on_members=on_members,
        )
        self._tasks: asyncio.TaskGroup | None = None

    # ---- what one may look at ---

    @property
    def is_primary(self) -> bool:
        """Whether this is the leader, with an entry of its own term applied."""
        return self._raft.role is Role.LEADER and self._applied_term == self._raft.term

    @property
    def primary_id(self) -> str | None:
        """Who the primary is believed to be."""
        return self._raft.leader

    @property
    def term(self) -> int:
        """The current term."""
        return self._raft.term

    @property
    def commit_index(self) -> int:
        """The last index known to be committed."""
        return self._raft.commit_index

    @property
    def last_log_index(self) -> int:
        """The last index in the log."""
        return self._raft.last_index

    @property
    def applied_index(self) -> int:
        """The last applied index."""
        return self._applied_index

    @property
    def chain_head(self) -> bytes:
        """SHA-256 over all that is applied, at `applied_index`."""
        return self._chain_head

    @property
    def addresses(self) -> Mapping[str, Address]:
        """Where each member is, this replica too."""
        return self.membership.addresses

    @property
    def first_log_index(self) -> int:
        """The first index that the log still holds, or would hold next."""
        return self._raft.start.index + 1

    @property
    def snapshot_index(self) -> int:
        """Of the last snapshot that was sent or restored since the start, 0 if there was none."""
        return self._snapshots.last_index

    def match_indexes(self) -> dict[str, int]:
        """As primary: how far each peer's disk is."""
        return self._raft.match_indexes()

    def heard_us(self, peer: str) -> int:
        """Return the microseconds since a peer last spoke, -1 if it never did."""
        return self._hearing.since_us(peer, now=time.monotonic())

    def age_us(self) -> int:
        """Return how old this replica's knowledge of the cluster is, -1 if it has none.

        On the primary: since when a quorum, itself counted, has spoken to it. On a backup: since
        when a primary has.
        """
        now = time.monotonic()
        if self._raft.role is Role.LEADER:
            return self._hearing.as_primary_us(self._raft.configuration.voters, now=now)
        return self._hearing.as_backup_us(now=now)

    # ---- what one may ask ---

    def receive(self, messages: Iterable[Message]) -> None:
        """Take messages of peers."""
        for message in messages:
            now = time.monotonic()
            self._hearing.heard(message.sender, now=now)
            self._raft.step(message)
            led = isinstance(message, AppendEntries | InstallSnapshot)
            if led and message.sender == self._raft.leader:
                self._hearing.led(now=now)
        self.membership.notice()
        self._wake.set()

    async def submit(self, command: Command) -> Outcome:
        """Commit and apply a command; returns what it came to.

        Raises NotPrimary (nothing was proposed), OutcomeUnknown, or central.raft.Overloaded.
        """
        if not self.is_primary:
            raise NotPrimary(self.primary_id)
        data = encode(command, committed_at_us=self._wall_clock_us())
        try:
            index = self._raft.propose([data])
        except NotLeader as error:
            raise NotPrimary(error.leader) from error
        self._wake.set()
        return await self._requests.applied(index, term=self._raft.term)

    async def barrier(self) -> int:
        """Return an index such that state applied up to there shows all that was acked before.

        Waits until it is applied here. Raises NotPrimary or OutcomeUnknown.
        """
        if not self.is_primary:
            raise NotPrimary(self.primary_id)
        number = self._requests.next_read()
        if not self._raft.read(number):
            raise NotPrimary(None)
        self._wake.set()
        index = await self._requests.confirmed(number)
        await self.wait_applied(index)
        return index

    async def wait_applied(self, index: int) -> None:
        """Wait until that index is applied here."""
        while self._applied_index < index:
            await self._applied_more.wait()

    async def query(self, question: Callable[[Queries], Answer]) -> Answer:
        """Ask the applied state, off the event loop."""
        return await self._workers.query.do(lambda: question(self._queries))

    async def run(self) -> None:
        """Take part in the cluster until cancelled. Raises OperationError if the disk fails."""
        self._wake.set()
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                if self._received is not None and self._received.end == self._received.size:
                    tasks.create_task(self._check_snapshot(self._received.identity))
                tasks.create_task(self._tick())
                tasks.create_task(self._pump())
                tasks.create_task(self._write_and_send())
                tasks.create_task(self._apply())
        except* OperationError as group:
            raise group.exceptions[0] from None
        finally:
            self._requests.abandon()

    def close(self) -> None:
        """Release threads and files, after `run` has ended."""
        self._workers.close()
        self._queries.close()
        self._state_machine.close()
        self._storage.close()

    # ---- the four tasks ---

    async def _tick(self) -> None:
        """Ticks do not drift, and never come in a burst: a process that was paused must not see a
        hundred at once and depose a leader whose messages are waiting to be read."""
        loop, tick = asyncio.get_running_loop(), self.settings.tick
        due = loop.time()
        while True:
            due += tick
            if due < loop.time():
                due = loop.time() + tick
            await asyncio.sleep(due - loop.time())
            self._raft.tick()
            self._wake.set()

    async def _pump(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            effects = self._raft.take_effects()
            self._notice_role()
            self.membership.notice()
            if effects is not None:
                self._send(effects.messages_now)
                for wanted in effects.pieces_wanted:
                    self._begin(self._snapshots.read(wanted))
                self._to_disk.put_nowait(effects)

    async def _write_and_send(self) -> None:
        while True:
            batch = [await self._to_disk.get()]
            while not self._to_disk.empty() and batch[-1].restore is None:
                batch.append(self._to_disk.get_nowait())
            writes = [effects.persist for effects in batch if effects.persist]
            for write in merge_writes(writes):
                await self._write(write)
            for effects in batch:
                await self._after_write(effects)
            self._wake.set()

    async def _write(self, persist: Persist) -> None:
        await self._workers.disk.do(lambda: self._storage.write(persist))
        if persist.pieces and persist.pieces[-1].end == persist.pieces[-1].size:
            self._begin(self._check_snapshot(persist.pieces[-1].identity))

    async def _after_write(self, effects: Effects) -> None:
        others: list[Message] = []
        for message in effects.messages_after:
            if message.receiver == self.settings.replica_id:
                self._raft.step(message)
            else:
                others.append(message)
        self._send(others)
        if effects.restore is not None:
            await self._restore(effects.restore)
        if effects.committed:
            self._to_apply.put_nowait(effects.committed)
        self._requests.confirm(effects.reads)

    async def _apply(self) -> None:
        while True:
            entries = list(await self._to_apply.get())
            while not self._to_apply.empty():
                entries.extend(self._to_apply.get_nowait())
            applied = await self._workers.state.do(partial(self._state_machine.apply, entries))
            self._applied_term = entries[-1].term
            self._applied_bytes += sum(len(entry.data) for entry in entries)
            self._requests.resolve(applied)
            self._notice_applied()
            self._notice_role()
            if self._compaction_due():
                await self._compact()
            self._to_apply.task_done()

    # ---- snapshots ---

    def _compaction_due(self) -> bool:
        held = self._applied_index - self._raft.start.index
        kept = self.settings.kept_entries
        return held >= 2 * kept or (held > 1 and self._applied_bytes > MAX_LOG_BYTES)

    async def _compact(self) -> None:
        """Drop what is applied from the log, but for the entries kept for backups that lag."""
        durable = await self._workers.state.do(self._state_machine.make_durable)
        large = self._applied_bytes > MAX_LOG_BYTES
        self._applied_bytes = 0
        index = durable - (1 if large else self.settings.kept_entries)
        if index > self._raft.start.index:
            self._raft.compact(index)
            logger.info("log compacted first=%d last=%d", index + 1, self._raft.last_index)
            self._wake.set()
        await self._snapshots.tidy()

    async def _check_snapshot(self, identity: bytes) -> None:
        intact = await self._workers.disk.do(lambda: self._storage.verify(identity))
        self._snapshots.received(identity, intact=intact)

    async def _restore(self, restore: Restore) -> None:
        """Replace the state; nothing is applied meanwhile."""
        await self._to_apply.join()
        path = self._storage.snapshot_path(restore.identity)
        directory = self.settings.directory

        def replace() -> StateMachine:
            self._state_machine.close()
            replace_state(directory, path)
            self._storage.restored()
            return StateMachine(directory)

        self._state_machine = await self._workers.disk.do(replace)
        await self._workers.query.do(self._queries.reopen)
        self._snapshots.last_index = restore.snapshot.index
        logger.info("snapshot restored index=%d", restore.snapshot.index)
        self._notice_applied()

    # ---- parts ---

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        assert self._tasks is not None
        self._tasks.create_task(work)

    def _notice_applied(self) -> None:
        self._applied_index = self._state_machine.applied_index
        self._chain_head = self._state_machine.chain_head
        self._applied_more.set()
        self._applied_more = asyncio.Event()

    def _notice_role(self) -> None:
        if self._raft.role is not Role.LEADER:
            self._requests.abandon()
        if self.is_primary != self._was_primary:
            self._was_primary = self.is_primary
            role = "primary" if self.is_primary else "backup"
            logger.info("now %s term=%d index=%d", role, self._raft.term, self._applied_index)
