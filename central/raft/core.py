"""One replica's consensus state machine: inputs in, effects out."""

import random
from collections.abc import Iterable, Sequence

from central.raft import election, reads, replication, transfer
from central.raft.effects import Effects, HardState, Persist, ReadReady
from central.raft.log import Log
from central.raft.messages import (
    AppendEntries,
    AppendReply,
    Entry,
    Message,
    RequestVote,
    TimeoutNow,
    VoteReply,
)
from central.raft.quorum import votes_won
from central.raft.state import Config, NotLeader, Overloaded, Role, State


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
        entries: Iterable[Entry],
        applied: int,
        rng: random.Random,
    ) -> None:
        """Restart from what is on disk; `applied` is the state machine's index, so committed."""
        log = Log(entries)
        if applied > log.last_index:
            raise ValueError(
                f"the state machine has applied entry {applied}, but the log ends at "
                f"{log.last_index}: the log has lost data"
            )
        if log.last_term > hard_state.term:
            # We took part in that term, and whom we voted for in it is forgotten: to go on could be
            # to vote twice (PySyncObj#202).
            raise ValueError(
                f"the log ends in term {log.last_term}, but the stored term is {hard_state.term}: "
                "the term and vote were lost"
            )
        self._state = State(
            config=config,
            log=log,
            rng=rng,
            term=hard_state.term,
            vote=hard_state.vote,
            commit=applied,
            handed_out=applied,
            persisted=hard_state,
        )
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

    def match_indexes(self) -> dict[str, int]:
        """As leader: how far each other voter's disk is known to be. Else empty."""
        return {peer: known.match for peer, known in self._state.progress.items()}

    # ---- inputs ---

    def tick(self) -> None:
        """Let one unit of time pass."""
        state = self._state
        state.ticks_since_leader += 1
        if state.role is Role.LEADER:
            self._tick_leader()
        elif state.ticks_since_leader >= state.election_deadline:
            election.on_time_out(state)

    def step(self, message: Message) -> None:
        """Take a message, also one that is late, lost its sense or came twice."""
        state = self._state
        if message.receiver != state.me or message.sender not in state.config.voters:
            return
        if message.term > state.term and not self._enter_term(message):
            return
        if message.term < state.term:
            self._answer_from_later_term(message)
            return
        match message:
            case RequestVote():
                election.on_request_vote(state, message)
            case VoteReply():
                election.on_vote_reply(state, message)
            case AppendEntries():
                replication.on_append_entries(state, message)
            case AppendReply():
                replication.on_append_reply(state, message)
                transfer.ask_if_ready(state)
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

    def read(self, context: int) -> bool:
        """Ask for a linearizable read as leader; its ReadReady carries `context`.

        Returns False if the leader cannot tell yet what is committed: ask again later. Raises
        NotLeader, or Overloaded while too many reads wait. If leadership is lost before the
        answer, none comes.
        """
        if self._state.role is not Role.LEADER:
            raise NotLeader(self._state.leader)
        return reads.ask(self._state, context)

    def transfer_leadership(self, target: str) -> None:
        """As leader: hand over to another voter, or go on leading if that takes too long.

        Raises NotLeader; ValueError if the target is no other voter.
        """
        state = self._state
        if state.role is not Role.LEADER:
            raise NotLeader(state.leader)
        if target not in state.progress:
            raise ValueError(f"'{target}' is no other voter: choose one of {state.others}")
        transfer.begin(state, target)

    # ---- effects ---

    def take_effects(self) -> Effects | None:
        """Return what is to be done now, or None. Each thing is returned once."""
        state = self._state
        if state.role is Role.LEADER:
            self._replicate()
        entries = state.log.take_unwritten()
        hard_state = HardState(state.term, state.vote)
        changed = hard_state != state.persisted
        persist = None
        if entries or changed:
            persist = Persist(hard_state if changed else None, entries)
            state.persisted = hard_state
        if entries and state.role is Role.LEADER:
            replication.acknowledge_own_log(state)
        committed = state.log.between(state.handed_out + 1, state.commit)
        state.handed_out = state.commit
        effects = Effects(
            messages_now=tuple(state.messages_now),
            persist=persist,
            messages_after=tuple(state.messages_after),
            committed=committed,
            reads=tuple(ReadReady(context, index) for context, index in state.ready_reads),
        )
        state.messages_now = []
        state.messages_after = []
        state.ready_reads = []
        return effects if effects != _NOTHING else None

    # ---- parts ---

    def _tick_leader(self) -> None:
        state = self._state
        transfer.tick(state)
        state.ticks_since_heartbeat += 1
        if state.ticks_since_heartbeat >= state.config.heartbeat_ticks:
            state.broadcast = True
        if state.ticks_since_leader < state.config.election_ticks:
            return
        # Section 6.2: "a leader steps down if an election timeout elapses without a successful
        # round of heartbeats to a majority of its cluster".
        state.ticks_since_leader = 0
        active = {peer for peer, known in state.progress.items() if known.active}
        if not votes_won(state.config.voters, active | {state.me}):
            state.become_follower(state.term, None)
            return
        for known in state.progress.values():
            known.active = False

    def _enter_term(self, message: Message) -> bool:
        """Deal with a later term; returns whether the message is to be looked at further."""
        state = self._state
        if isinstance(message, RequestVote):
            if state.hears_leader and not message.transfer:
                # Section 4.2.3: "if a server receives a RequestVote request within the minimum
                # election timeout of hearing from a current leader, it does not update its term
                # or grant its vote". A pre-vote gets an answer, so that its sender learns that.
                return message.pre_vote
            if message.pre_vote:
                return True
        if isinstance(message, VoteReply) and message.pre_vote and message.granted:
            return True
        leader = message.sender if isinstance(message, AppendEntries) else None
        state.become_follower(message.term, leader)
        return True

    def _answer_from_later_term(self, message: Message) -> None:
        """Tell whoever asks from an earlier term that it is over (section 3.3)."""
        state = self._state
        if isinstance(message, AppendEntries):
            # Also what frees a replica whose term ran ahead while it was cut off: the leader that
            # hears this steps down and is elected anew (etcd#8243).
            state.messages_after.append(
                AppendReply(
                    sender=state.me, receiver=message.sender, term=state.term, accepted=False
                )
            )
        elif isinstance(message, RequestVote):
            state.messages_after.append(
                VoteReply(
                    sender=state.me,
                    receiver=message.sender,
                    term=state.term,
                    granted=False,
                    pre_vote=message.pre_vote,
                )
            )

    def _replicate(self) -> None:
        state = self._state
        reads.begin_round(state)
        for peer in state.others:
            if state.broadcast:
                replication.send_heartbeat(state, peer)
            replication.send_entries(state, peer)
        if state.broadcast:
            state.broadcast = False
            state.ticks_since_heartbeat = 0


_NOTHING = Effects((), None, (), (), ())
