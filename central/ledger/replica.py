"""One replica: the loop that puts clock, disk and network round the consensus core.

Four tasks on one event loop, each doing one of the things that `Effects` asks for:

    clock ─tick─┐
    peers ─step─┼─> pump: core.take_effects() ─> network (messages_now)
    clients ────┘     └─> disk: fsync, then messages_after ─> apply: state machine, then answers

While a write is under way the core goes on taking input, and what gathers meanwhile becomes the
next write: that is how a burst of proposals shares an fsync.
"""

import asyncio
import functools
import logging
import random
import sqlite3
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from central.ledger.command import Command, encode
from central.ledger.errors import NotPrimary
from central.ledger.outcome import Outcome
from central.ledger.queries import Queries
from central.ledger.requests import Requests
from central.ledger.state_machine import StateMachine
from central.ledger.storage import Storage
from central.raft import (
    AppendEntries,
    Config,
    Effects,
    Entry,
    Message,
    NotLeader,
    Persist,
    Raft,
    Role,
)
from central.raft.quorum import majority
from node.errors import OperationError

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class ReplicaSettings:
    """What one replica is told. Times in seconds."""

    replica_id: str
    voters: frozenset[str]
    cluster_id: str
    directory: Path
    tick: float
    election_ticks: int
    heartbeat_ticks: int


class Replica:
    """A member of the cluster. Make it, `run` it, then `submit` and `barrier`."""

    def __init__(
        self,
        settings: ReplicaSettings,
        *,
        send: Callable[[Iterable[Message]], None],
        wall_clock_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        """Open the data directory and restart from it. `send` must not wait and may lose."""
        self.settings = settings
        self._send = send
        self._wall_clock_us = wall_clock_us
        self._storage = Storage(
            settings.directory, cluster_id=settings.cluster_id, replica_id=settings.replica_id
        )
        try:
            self._state_machine = StateMachine(settings.directory)
            hard_state, entries = self._storage.load()
            self._check_log_reaches_state(entries)
            self._raft = Raft(
                Config(
                    replica_id=settings.replica_id,
                    voters=settings.voters,
                    election_ticks=settings.election_ticks,
                    heartbeat_ticks=settings.heartbeat_ticks,
                ),
                hard_state=hard_state,
                entries=entries,
                applied=self._state_machine.applied_index,
                rng=random.Random(),
            )
        except ValueError as error:  # the core's word on a disk that has lost its term
            self._storage.close()
            raise OperationError(
                f"{self._storage.path}: {error}; move the directory away and start this replica "
                "empty"
            ) from error
        except BaseException:
            self._storage.close()
            raise
        self._queries = Queries(self._state_machine.path)
        self._applied_index = self._state_machine.applied_index
        self._applied_term = 0
        self._chain_head = self._state_machine.chain_head
        self._wake = asyncio.Event()
        self._to_disk: asyncio.Queue[Effects] = asyncio.Queue()
        self._to_apply: asyncio.Queue[tuple[Entry, ...]] = asyncio.Queue()
        self._requests = Requests()
        self._applied_more = asyncio.Event()
        self._was_primary = False
        self._leads_no_more = asyncio.Event()
        self._heard_at: dict[str, float] = {}  # monotonic, by peer
        self._led_at: float | None = None  # monotonic: when a leader last spoke to us
        self._disk_thread = ThreadPoolExecutor(1, thread_name_prefix="disk")
        self._apply_thread = ThreadPoolExecutor(1, thread_name_prefix="apply")
        self._query_thread = ThreadPoolExecutor(1, thread_name_prefix="query")

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

    def match_indexes(self) -> dict[str, int]:
        """As primary: how far each peer's disk is."""
        return self._raft.match_indexes()

    def heard_us(self, peer: str) -> int:
        """Return the microseconds since a peer last spoke, -1 if it never did."""
        at = self._heard_at.get(peer)
        return -1 if at is None else int((time.monotonic() - at) * 1e6)

    def age_us(self) -> int:
        """Return how old this replica's knowledge of the cluster is, -1 if it has none.

        On the primary: since when a quorum, itself counted, has spoken to it. On a backup: since
        when a primary has.
        """
        if self._raft.role is Role.LEADER:
            ages = sorted(
                self.heard_us(peer) for peer in self.settings.voters if peer in self._heard_at
            )
            needed = majority(len(self.settings.voters)) - 1
            if needed == 0:
                return 0
            return ages[needed - 1] if len(ages) >= needed else -1
        return -1 if self._led_at is None else int((time.monotonic() - self._led_at) * 1e6)

    # ---- what one may ask ---

    def receive(self, messages: Iterable[Message]) -> None:
        """Take messages of peers."""
        for message in messages:
            self._heard_at[message.sender] = now = time.monotonic()
            self._raft.step(message)
            if isinstance(message, AppendEntries) and message.sender == self._raft.leader:
                self._led_at = now
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

    async def hand_over(self, *, timeout: float) -> bool:
        """As primary: let the backup that is furthest lead; returns whether another one does.

        So that stopping a replica on purpose costs clients no election time-out.
        """
        recently = self.settings.election_ticks * self.settings.tick * 1e6
        matches = {
            peer: match
            for peer, match in sorted(self._raft.match_indexes().items())
            if 0 <= self.heard_us(peer) < recently
        }
        if not self.is_primary or not matches:
            return False
        target = max(matches, key=matches.__getitem__)
        self._leads_no_more.clear()
        self._raft.transfer_leadership(target)
        self._wake.set()
        try:
            async with asyncio.timeout(timeout):
                await self._leads_no_more.wait()
        except TimeoutError:
            return False
        return True

    async def query(self, question: Callable[[Queries], Answer]) -> Answer:
        """Ask the applied state, off the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._query_thread, question, self._queries)

    async def run(self) -> None:
        """Take part in the cluster until cancelled. Raises OperationError if the disk fails."""
        self._wake.set()
        try:
            async with asyncio.TaskGroup() as tasks:
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
        for thread in (self._disk_thread, self._apply_thread, self._query_thread):
            thread.shutdown(wait=True)
        self._queries.close()
        self._state_machine.close()
        self._storage.close()

    # ---- the four tasks ---

    async def _tick(self) -> None:
        """One tick at a time, however late: a process that was paused must not see a hundred
        ticks at once and depose a leader whose messages are waiting to be read."""
        while True:
            await asyncio.sleep(self.settings.tick)
            self._raft.tick()
            self._wake.set()

    async def _pump(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            effects = self._raft.take_effects()
            self._notice_role()
            if effects is not None:
                self._send(effects.messages_now)
                self._to_disk.put_nowait(effects)

    async def _write_and_send(self) -> None:
        while True:
            batch = [await self._to_disk.get()]
            while not self._to_disk.empty():
                batch.append(self._to_disk.get_nowait())
            writes = [effects.persist for effects in batch if effects.persist]
            if writes:
                await self._write(functools.reduce(Persist.merged, writes))
            for effects in batch:
                self._after_write(effects)
            self._wake.set()

    async def _write(self, persist: Persist) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._disk_thread, self._storage.write, persist)
        except (OSError, sqlite3.Error) as error:
            # After a failed fsync nobody knows what is on the disk (fsyncgate): stop, and let the
            # others elect a primary. What was not written was never acked.
            raise OperationError(
                f"{self._storage.path} cannot be written ({error}): this replica stops; free or "
                "replace the disk, then start it again"
            ) from error

    def _after_write(self, effects: Effects) -> None:
        others: list[Message] = []
        for message in effects.messages_after:
            if message.receiver == self.settings.replica_id:
                self._raft.step(message)
            else:
                others.append(message)
        self._send(others)
        if effects.committed:
            self._to_apply.put_nowait(effects.committed)
        self._requests.confirm(effects.reads)

    async def _apply(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            entries = list(await self._to_apply.get())
            while not self._to_apply.empty():
                entries.extend(self._to_apply.get_nowait())
            try:
                applied = await loop.run_in_executor(
                    self._apply_thread, self._state_machine.apply, entries
                )
            except (OSError, sqlite3.Error) as error:
                raise OperationError(
                    f"{self._state_machine.path} cannot be written ({error}): this replica "
                    "stops; free or replace the disk, then start it again"
                ) from error
            self._applied_index = entries[-1].index
            self._applied_term = entries[-1].term
            self._chain_head = self._state_machine.chain_head
            self._requests.resolve(applied)
            self._applied_more.set()
            self._applied_more = asyncio.Event()
            self._notice_role()

    # ---- parts ---

    def _notice_role(self) -> None:
        if self._raft.role is not Role.LEADER:
            self._leads_no_more.set()
            self._requests.abandon()
        if self.is_primary != self._was_primary:
            self._was_primary = self.is_primary
            role = "primary" if self.is_primary else "backup"
            logger.info("now %s term=%d index=%d", role, self._raft.term, self._applied_index)

    def _check_log_reaches_state(self, entries: list[Entry]) -> None:
        last = entries[-1].index if entries else 0
        if self._state_machine.applied_index > last:
            raise OperationError(
                f"{self._state_machine.path} has applied entry "
                f"{self._state_machine.applied_index}, but {self._storage.path} ends at {last}: "
                "the log has lost data; move the directory away and start this replica empty"
            )
