"""One replica's consensus state machine: inputs in, effects out."""

import random
from collections.abc import Iterable, Sequence

from central.raft import (
    election,
    membership,
    reads,
    recovery,
    replication,
    snapshots,
    terms,
    transfer,
)
from central.raft.effects import Effects, HardState, Persist, Piece
from central.raft.log import Log
from central.raft.messages import (
    AppendEntries,
    AppendReply,
    Configuration,
    Entry,
    InstallSnapshot,
    Message,
    RequestVote,
    Snapshot,
    SnapshotReply,
    TimeoutNow,
    VoteReply,
)
from central.raft.quorum import votes_won
from central.raft.state import Config, NotLeader, Overloaded, Receiving, Role, State


class Raft:
    """Call `tick`, `step`, `propose` and `read` in any order, then obey `take_effects()`.

    Not thread-safe: it belongs to one loop. Nothing here waits, and nothing here knows the time
    but by ticks.
    """

    def __init__(
        self,
        config: Config,
        *,
        hard_state: HardState,
        start: Snapshot,
        entries: Iterable[Entry],
        applied: int,
        rng: random.Random,
        received: Piece | None = None,
    ) -> None:
        """Restart from what is on disk; raises ValueError if that has lost something.

        `start`: what the log's first entry follows; of a new group, a snapshot at index 0 with its
        first configuration; of a newcomer to a group, `Snapshot()`. `applied`: the state machine's
        index, so committed. `received`: the last piece on disk of a snapshot that was arriving; if
        it is the last one of all, `snapshot_received` is to be called.
        """
        log = Log(entries, start=start)
        recovery.check_disk(log, hard_state, applied)
        self._state = State(
            config=config,
            log=log,
            rng=rng,
            term=hard_state.term,
            vote=hard_state.vote,
            commit=applied,
            handed_out=applied,
            persisted=hard_state,
            persisted_start=start.index,
        )
        if received is not None:
            self._state.receiving = Receiving(
                received.snapshot, received.identity, received.size, received.end
            )
        if not config.lease:
            # Nothing rests on what we promised before the restart (see State.hears_leader).
            self._state.ticks_since_heard = config.election_ticks
        self._state.draw_election_deadline()

    # ---- what one may look at ---

    @property
    def role(self) -> Role:
        """This replica's role."""
        return self._state.role

    @property
    def term(self) -> int:
        """The current term."""
        return self._state.term

    @property
    def leader(self) -> str | None:
        """Who leads the current term, as far as is known here."""
        return self._state.leader

    @property
    def commit_index(self) -> int:
        """The last index known to be committed."""
        return self._state.commit

    @property
    def last_index(self) -> int:
        """The last index in the log."""
        return self._state.log.last_index

    @property
    def term_of_commit(self) -> int:
        """The term of the last committed entry, 0 if there is none."""
        return self._state.log.term_at(self._state.commit) or 0

    @property
    def configuration(self) -> Configuration:
        """Who belongs to the group, by the latest configuration in the log."""
        return self._state.log.configuration

    @property
    def configuration_index(self) -> int:
        """Where in the log it is; of one from before the log's start, the start."""
        return self._state.log.configuration_index

    @property
    def configuration_is_committed(self) -> bool:
        """Whether the latest configuration can no longer be taken back."""
        return self._state.log.configuration_index <= self._state.commit

    @property
    def start(self) -> Snapshot:
        """What the log's first entry follows."""
        return self._state.log.start

    def snapshot_at(self, index: int) -> Snapshot:
        """What a state that has applied up to `index` is called, if the log reaches it."""
        return self._state.log.snapshot_at(index)

    def match_indexes(self) -> dict[str, int]:
        """As leader: how far each other member's disk is known to be. Else empty."""
        return {peer: known.match for peer, known in self._state.progress.items()}

    @property
    def quiet_ticks(self) -> int:
        """After how many ticks one does something, as things stand; a heartbeat's at most."""
        state = self._state
        if state.role is Role.LEADER:
            heartbeat = state.config.heartbeat_ticks - state.ticks_since_heartbeat
            left = min(heartbeat, state.config.election_ticks - state.ticks_since_leader)
        else:
            left = state.election_deadline - state.ticks_since_leader
        return max(1, min(left, state.config.heartbeat_ticks))

    # ---- inputs ---

    def tick(self) -> None:
        """Let one unit of time pass."""
        state = self._state
        state.ticks_since_leader += 1
        state.ticks_since_heard += 1
        if state.role is Role.LEADER:
            self._tick_leader()
        elif state.ticks_since_leader >= state.election_deadline:
            election.on_time_out(state)

    def suspect(self, peer: str) -> None:
        """Note that a peer's process seems to be gone: its connections were closed.

        Whoever follows it waits hardly longer than for a heartbeat. If it is not gone that costs
        nothing: the others still hear it and grant no vote (section 9.6).
        """
        if self._state.leader == peer and self._state.role is Role.FOLLOWER:
            election.hurry(self._state)

    def greet(self, peer: str) -> None:
        """Note that messages reach a peer again: as leader, let it hear us and say where it is."""
        if peer in self._state.progress:
            replication.send_heartbeat(self._state, peer)

    def step(self, message: Message) -> None:
        """Take a message, also one that is late, lost its sense or came twice."""
        state = self._state
        # Not asked is whether we know the sender: section 4.2.1 lets a server that lags behind take
        # entries from a leader, and grant a vote to a candidate, that its configuration lacks.
        if message.receiver != state.me:
            return
        if message.term > state.term and not terms.enter(state, message):
            return
        if message.term < state.term:
            terms.answer(state, message)
            return
        match message:  # what comes all the time first
            case AppendEntries():
                replication.on_append_entries(state, message)
            case AppendReply():
                self._on_append_reply(message)
            case RequestVote():
                election.on_request_vote(state, message)
            case VoteReply():
                election.on_vote_reply(state, message)
            case InstallSnapshot():
                snapshots.on_install_snapshot(state, message)
            case SnapshotReply():
                snapshots.on_snapshot_reply(state, message)
            case TimeoutNow():
                transfer.on_timeout_now(state, message)

    def propose(self, data: Sequence[bytes]) -> int:
        """Append entries as leader; returns the first one's index, in term `term`.

        Raises NotLeader (also while leadership is being handed over), or Overloaded while too many
        bytes wait for commitment. That an entry was appended does not mean that it will commit.
        """
        state = self._state
        if state.role is not Role.LEADER or state.transferee is not None:
            raise NotLeader(state.transferee or state.leader)
        if not data or not all(data):
            raise ValueError("nothing to propose: an entry needs at least one byte")
        size = replication.size_of(data)
        # One proposal that is larger than the bound still goes through when nothing else waits.
        if state.uncommitted_bytes and (
            state.uncommitted_bytes + size > state.config.max_uncommitted_bytes
        ):
            raise Overloaded(f"{state.uncommitted_bytes} bytes wait for commitment: try later")
        state.uncommitted_bytes += size
        return state.log.append(state.term, data)

    def read(self, context: int, *, now: int | None = None) -> bool:
        """Ask for a linearizable read as leader; its ReadReady carries `context`.

        `now` is for leases: without it none is relied on. Returns False if the leader cannot tell
        yet what is committed: ask again later. Raises NotLeader, or Overloaded while too many reads
        wait. If leadership is lost before the answer, none comes.
        """
        if self._state.role is not Role.LEADER:
            raise NotLeader(self._state.leader)
        return reads.ask(self._state, context, now)

    def transfer_leadership(self, target: str) -> None:
        """As leader: hand over to another voter, or go on leading if that takes too long.

        Raises NotLeader; ValueError if the target is no other voter.
        """
        state = self._state
        if state.role is not Role.LEADER:
            raise NotLeader(state.leader)
        voters = sorted(state.voters - {state.me})
        if target not in voters:
            raise ValueError(f"'{target}' is no other voter: choose one of {voters}")
        transfer.begin(state, target)

    def change_configuration(self, wanted: Configuration) -> int:
        """As leader: append a configuration with one voter more or less, and any learners.

        Learners become voters by themselves once they have caught up. Returns the entry's index.
        Raises NotLeader; ChangeRefused while another change is under way; ValueError.
        """
        if self._state.role is not Role.LEADER:
            raise NotLeader(self._state.leader)
        return membership.change(self._state, wanted)

    def compact(self, index: int) -> None:
        """Drop entries that the state machine holds durably, up to `index` or somewhat before.

        `index` must have been applied. What a peer needs after a snapshot under way is kept.
        """
        state = self._state
        if index > state.handed_out:
            raise ValueError(f"entry {index} is not applied yet")
        needed = snapshots.oldest_being_sent(state)
        index = index if needed is None else min(index, needed)
        if index > state.log.start.index:
            state.log.compact(index)

    def note_snapshot_bytes(self, count: int) -> None:
        """Tell what a snapshot would weigh now; 0: none is sent by choice, as before it is told."""
        self._state.snapshot_bytes = count

    def piece_read(self, receiver: str, piece: Piece) -> None:
        """Give a piece of a snapshot that was wanted (see PieceWanted)."""
        snapshots.piece_read(self._state, receiver, piece)

    def snapshot_received(self, identity: bytes, *, intact: bool) -> None:
        """Tell whether the snapshot is what its sender read, now that all of it is on disk."""
        snapshots.received(self._state, identity, intact=intact)

    # ---- effects ---

    def take_effects(self, *, now: int | None = None) -> Effects | None:
        """Return what is to be done now, or None. Each thing is returned once.

        `now` is for leases: without it none begins.
        """
        state = self._state
        if state.role is Role.LEADER:
            self._replicate(now)
        persist = self._take_persist()
        if persist is not None and persist.entries and state.role is Role.LEADER:
            replication.acknowledge_own_log(state)
        committed: tuple[Entry, ...] = ()
        if state.handed_out < state.commit:
            committed = state.log.between(state.handed_out + 1, state.commit)
            state.handed_out = state.commit
        said = state.messages_now or state.messages_after or state.ready_reads
        if not (said or persist or committed or state.restore or state.pieces_wanted):
            return None
        effects = Effects(
            messages_now=tuple(state.messages_now),
            persist=persist,
            messages_after=tuple(state.messages_after),
            committed=committed,
            reads=tuple(state.ready_reads),
            restore=state.restore,
            pieces_wanted=tuple(state.pieces_wanted),
        )
        state.messages_now = []
        state.messages_after = []
        state.ready_reads = []
        state.restore = None
        state.pieces_wanted = []
        return effects

    # ---- parts ---

    def _take_persist(self) -> Persist | None:
        state, start = self._state, self._state.log.start
        entries = state.log.take_unwritten()
        changed = state.term != state.persisted.term or state.vote != state.persisted.vote
        moved = start.index != state.persisted_start
        if not (entries or changed or moved or state.pieces):
            return None
        if changed:
            state.persisted = HardState(state.term, state.vote)
        pieces, state.pieces = state.pieces, []
        state.persisted_start = start.index
        return Persist(
            hard_state=state.persisted if changed else None,
            entries=entries,
            start=start if moved else None,
            restore=state.restore,
            pieces=tuple(pieces),
        )

    def _on_append_reply(self, message: AppendReply) -> None:
        state = self._state
        if state.role is Role.LEADER:
            replication.on_append_reply(state, message)
            transfer.ask_if_ready(state)
            membership.promote_if_ready(state, message.sender)
            membership.leave_if_removed(state)

    def _tick_leader(self) -> None:
        state = self._state
        transfer.tick(state)
        for peer, known in state.progress.items():
            known.round_ticks += 1
            snapshots.tick(state, peer, known)
        state.ticks_since_heartbeat += 1
        if state.ticks_since_heartbeat >= state.config.heartbeat_ticks:
            state.broadcast = True
        if state.ticks_since_leader < state.config.election_ticks:
            return
        # Section 6.2: "a leader steps down if an election timeout elapses without a successful
        # round of heartbeats to a majority of its cluster".
        state.ticks_since_leader = 0
        active = {peer for peer, known in state.progress.items() if known.active}
        if not votes_won(state.voters, active | {state.me}):
            state.become_follower(state.term, None)
            return
        for known in state.progress.values():
            known.was_active, known.active = known.active, False

    def _replicate(self, now: int | None) -> None:
        state = self._state
        reads.begin_round(state, now)
        last_index = state.log.last_index
        for peer, known in state.progress.items():
            if not state.broadcast and known.next > last_index:
                continue
            snapshots.send(state, peer)
            if state.broadcast:
                replication.send_heartbeat(state, peer)
            if not known.full and known.next <= last_index:
                replication.send_entries(state, peer)
        if state.broadcast:
            state.broadcast = False
            state.ticks_since_heartbeat = 0
