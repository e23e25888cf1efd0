"""One replica: the loop that puts clock, disk and network round the consensus core.

    clock ─tick─┐
    peers ─step─┼─> pump: core.take_effects() ─> network (messages_now)
    clients ────┘     └─> disk: fsync, then messages_after ─> apply: state machine, then answers

All of it are callbacks on one event loop; only writes of the log to a slow disk and large parts of
the state go through threads. What comes within one turn of the loop shares a pump. While a write is
under way the core goes on taking input, and what gathers meanwhile becomes the next write: that is
how a burst of proposals shares an fsync.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import TypeVar

from central.ledger.command import Command, StoredBatches
from central.ledger.errors import NotPrimary, the_operation_error
from central.ledger.outcome import Outcome
from central.ledger.peers.members import Standing
from central.ledger.queries.queries import Queries
from central.ledger.replica.applying import Applier
from central.ledger.replica.compacting import Compaction
from central.ledger.replica.gathering import Gathering
from central.ledger.replica.hearing import Hearing
from central.ledger.replica.horizon import Reached
from central.ledger.replica.membership import Membership
from central.ledger.replica.opening import Opened
from central.ledger.replica.requests import Requests
from central.ledger.replica.snapshot_traffic import SnapshotTraffic
from central.ledger.replica.ticking import Ticks, lease_clock
from central.ledger.replica.workers import Workers
from central.ledger.replica.writing import LogWriter
from central.ledger.snapshots.snapshots import SnapshotSource
from central.ledger.state.state_machine import Applied, StateMachine, replace_state
from central.raft import AppendEntries, Effects, Entry, InstallSnapshot, Message, Piece, Role
from node.address import Address

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class Replica:
    """A member of the cluster. Make it, `run` it, then `propose` and `barrier`."""

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
        self._lease_now = lease_clock(on=self.settings.lease)
        self._storage = opened.storage
        self._raft = opened.raft
        self._received = opened.received
        self._queries = Queries(opened.state_machine.path)
        self._reached = Reached(opened.state_machine)
        self._applied_term = 0
        self._failure: asyncio.Future[None] | None = None  # while it runs
        self._pump_is_due = False
        self._ticks = Ticks(
            self.settings.tick, let_pass=self._raft.tick, quiet=lambda: self._raft.quiet_ticks
        )
        self._requests = Requests()
        self._gathering = Gathering(self._raft, self._requests, wall_clock_us)
        self._was_primary = False
        self._hearing = Hearing()
        self._workers = Workers(log=opened.storage.path, state=opened.state_machine.path)
        self._applier, self._log_writer = self._writers(opened)
        source = SnapshotSource(opened.state_machine.path)
        self._snapshots = SnapshotTraffic(self._raft, source, self._workers.snapshot, self._wake)
        self._compaction = Compaction(
            self._raft,
            self._applier,
            kept_entries=self.settings.kept_entries,
            begin=self._begin,
            wake=self._wake,
            tidy=self._snapshots.tidy,
        )
        self.membership = Membership(
            self.settings,
            self._raft,
            self._requests,
            self._hearing,
            wake=self._wake,
            on_members=on_members,
        )
        self._tasks: asyncio.TaskGroup | None = None

    def _writers(self, opened: Opened) -> tuple[Applier, LogWriter]:
        applier = Applier(
            opened.state_machine,
            self._workers.state,
            self._on_applied,
            read=self._gathering.read,
            on_stored=self._look,
            on_failure=self._fail,
        )
        log_writer = LogWriter(
            opened.storage,
            self._workers.disk,
            obey=self._after_write,
            apply=lambda entries: applier.add(entries, next_turn=True),
            leads=lambda: opened.raft.role is Role.LEADER,
            on_failure=self._fail,
        )
        return applier, log_writer

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
        return self._reached.applied.index

    @property
    def chain_head(self) -> bytes:
        """SHA-256 over all that is applied, at `applied_index`."""
        return self._reached.head

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
        """Of the last snapshot sent or restored since the start, 0 if there was none."""
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
        self._ticks.catch_up()
        now = time.monotonic()
        for message in messages:
            self._hearing.heard(message.sender, now=now)
            if self._snapshots.has_room(message):
                self._raft.step(message)
            led = isinstance(message, AppendEntries | InstallSnapshot)
            if led and message.sender == self._raft.leader:
                self._hearing.led(now=now)
        self._wake()

    def suspect(self, peer: str) -> None:
        """Note that a peer's connection has ended."""
        self._ticks.catch_up()
        self._raft.suspect(peer)
        self._wake()

    def greet(self, peer: str) -> None:
        """Be told of a peer that messages reach again."""
        self._raft.greet(peer)
        self._wake()

    def append(self, batches: StoredBatches) -> "asyncio.Future[Outcome]":
        """Have batches committed, perhaps with others in one entry; else as `propose`.

        The future may raise NotPrimary and Overloaded too: then nothing was proposed.
        """
        if not self.is_primary:
            raise NotPrimary(self.primary_id)
        self._wake()
        return self._gathering.add(batches)

    def propose(self, command: Command) -> "asyncio.Future[Outcome]":
        """Have a command committed; what is returned waits until it is applied.

        Raises NotPrimary (nothing was proposed) or central.raft.Overloaded; the future raises
        OutcomeUnknown.
        """
        if not self.is_primary:
            raise NotPrimary(self.primary_id)
        self._wake()
        return self._gathering.alone(command)

    async def barrier(self) -> int:
        """Return an index such that state applied up to there shows all that was acked before.

        Waits until it is applied here. Raises NotPrimary or OutcomeUnknown.
        """
        if not self.is_primary:
            raise NotPrimary(self.primary_id)
        number = self._requests.next_read()
        if not self._raft.read(number, now=self._lease_now()):
            raise NotPrimary(None)
        self._wake()
        index = await self._requests.confirmed(number)
        await self._reached.applied.reach(index)
        return index

    async def wait_stored(self, index: int) -> None:
        """Wait until that index is where `query` reads; others may share its way there."""
        with self._applier.hurried():
            await self._reached.stored.reach(index)

    async def query(
        self, question: Callable[[Queries], Answer], *, as_stored: bool = False
    ) -> Answer:
        """Ask the applied state, or what is stored of it. OutcomeUnknown if it cannot be stored."""
        if not as_stored:
            await self._applier.stored()
        return await self._workers.query.do(lambda: question(self._queries))

    async def run(self) -> None:
        """Take part in the cluster until cancelled. Raises OperationError if the disk fails."""
        self._failure = asyncio.get_running_loop().create_future()
        self._wake()
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                if self._received is not None:
                    self._check_if_whole(self._received)
                tasks.create_task(self._ticks.run(self._tick))
                await self._failure
        except ExceptionGroup as group:  # not `except*`, which groups what it raises in early 3.11
            raise the_operation_error(group) from None
        finally:
            self._failure = None
            self._requests.abandon()
            self._gathering.refuse(None)

    def close(self) -> None:
        """Release threads and files, after `run` has ended."""
        self._workers.close()
        self._queries.close()
        self._applier.close()
        self._storage.close()

    # ---- the loop ---

    def _tick(self) -> None:
        self._snapshots.weigh(now=time.monotonic())
        self._pump()

    def _wake(self) -> None:
        """Note that the core was told something: it is looked at before the loop waits again."""
        if self._failure is not None and not self._pump_is_due:
            self._pump_is_due = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _fail(self, error: BaseException) -> None:
        if self._failure is not None and not self._failure.done():
            self._failure.set_exception(error)

    def _pump(self) -> None:
        self._pump_is_due = False
        if self._failure is None:
            return
        try:
            if not self._log_writer.is_busy:
                self._gathering.propose()
            effects = self._raft.take_effects(now=self._lease_now())
            self._notice_role()
            self.membership.notice()
            if effects is not None:
                self._send(effects.messages_now)
                for wanted in effects.pieces_wanted:
                    self._begin(self._snapshots.read(wanted))
                self._log_writer.add(effects)
        except BaseException as error:
            self._fail(error)

    def _after_write(self, batch: Sequence[Effects]) -> None:
        if self._failure is None:
            return  # the write was under way when the replica was stopped
        me = self.settings.replica_id
        said = [message for effects in batch for message in effects.messages_after]
        others = [message for message in said if message.receiver != me]
        for message in said:
            if message.receiver == me:
                self._raft.step(message)
        self._send(others)
        if len(others) < len(said) or self._gathering.is_waiting:
            self._wake()
        for effects in batch:
            if effects.restore is not None:  # the last one of its batch
                self._log_writer.hold()
                self._begin(self._restore(effects))
            else:
                self._conclude(effects, answered=bool(others))
            if effects.persist is not None and effects.persist.pieces:
                self._check_if_whole(effects.persist.pieces[-1])

    def _conclude(self, effects: Effects, *, answered: bool = False) -> None:
        if effects.committed and answered:
            self._applier.add_later(effects.committed)
        elif effects.committed:
            self._applier.add(effects.committed)
        self._requests.confirm(effects.reads)

    def _on_applied(self, entries: Sequence[Entry], applied: list[Applied]) -> None:
        self._applied_term = entries[-1].term
        self._requests.resolve(applied)
        self._look()
        self._notice_role()
        self._compaction.applied(entries)

    def _check_if_whole(self, last: Piece) -> None:
        if last.end == last.size:
            self._begin(self._snapshots.check(last.identity, self._storage, self._workers.disk))

    async def _restore(self, effects: Effects) -> None:
        """Replace the state; nothing is applied or written meanwhile."""
        restore = effects.restore
        assert restore is not None
        path = self._storage.snapshot_path(restore.identity)

        def replace() -> StateMachine:
            self._applier.state_machine.close()
            replace_state(self.settings.directory, path)
            self._storage.restored()
            return StateMachine(self.settings.directory)

        self._applier.state_machine = await self._applier.alone(replace)
        await self._workers.query.do(self._queries.reopen)
        self._snapshots.last_index = restore.snapshot.index
        logger.info("snapshot restored index=%d", restore.snapshot.index)
        self._look()
        self._conclude(effects)
        self._log_writer.release()

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        assert self._tasks is not None
        self._tasks.create_task(work)

    def _look(self) -> None:
        self._reached.look(self._applier.state_machine)

    def _notice_role(self) -> None:
        if self._raft.role is not Role.LEADER:
            self._requests.abandon()
            self._gathering.refuse(self._raft.leader)
        if self.is_primary != self._was_primary:
            self._was_primary = self.is_primary
            role = "primary" if self.is_primary else "backup"
            logger.info("now %s term=%d index=%d", role, self.term, self.applied_index)
