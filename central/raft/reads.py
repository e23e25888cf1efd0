"""Linearizable reads without log entries: read-index, batched, and leases (section 6.4)."""

from central.raft.effects import ReadReady
from central.raft.quorum import agreed_index
from central.raft.state import Overloaded, State


def ask(state: State, context: int, now: int | None) -> bool:
    """Note a read at a leader; returns False if it must be asked again later.

    Section 6.4, step 1: until the leader has committed an entry of its own term it does not know
    which entries are committed. Step 2: the read index is the commit index *when asked*.
    """
    if state.log.term_at(state.commit) != state.term:
        return False
    if _lease_holds(state, now):
        state.ready_reads.append(ReadReady(context, state.commit))
        return True
    if len(state.new_reads) + len(state.pending_reads) >= state.config.max_reads:
        raise Overloaded(f"{state.config.max_reads} reads wait for a quorum: try later")
    state.new_reads.append((context, state.commit))
    return True


def begin_round(state: State, now: int | None) -> None:
    """Give all waiting reads one new round, which the next heartbeats carry (step 3).

    Where leases are on, every round of heartbeats extends the lease, so every one is numbered.
    """
    begun = now if state.config.lease else None
    if not state.new_reads and not (begun is not None and state.broadcast):
        return
    state.read_round += 1
    state.pending_reads.extend((state.read_round, *read) for read in state.new_reads)
    state.new_reads = []
    state.broadcast = True
    if begun is not None:
        state.rounds_began.append((state.read_round, begun))
    confirm(state)  # a leader of one needs nobody's answer


def confirm(state: State) -> None:
    """Answer the reads whose round a quorum has echoed: we still led after they were asked.

    Section 6.4.1: the lease runs from when that round of heartbeats was *begun*.
    """
    if not state.pending_reads and not state.rounds_began:
        return  # asked at each reply
    echoed = {peer: known.read_round for peer, known in state.progress.items()}
    agreed = agreed_index(state.voters, echoed | {state.me: state.read_round})
    while state.pending_reads and state.pending_reads[0][0] <= agreed:
        _, context, index = state.pending_reads.popleft()
        state.ready_reads.append(ReadReady(context, index))
    while state.rounds_began and state.rounds_began[0][0] <= agreed:
        _, state.lease_from = state.rounds_began.popleft()


def _lease_holds(state: State, now: int | None) -> bool:
    """Whether no other leader can have been elected yet.

    A quorum promised, when it echoed the round, not to vote for an election time-out unless a
    leader asks for it; once we have asked, the promise is void for the rest of our term.
    """
    if now is None or state.lease_from is None or state.lease_forfeited:
        return False
    return now - state.lease_from < state.config.lease
