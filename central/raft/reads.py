"""Linearizable reads without log entries: read-index, batched (section 6.4)."""

from central.raft.quorum import votes_won
from central.raft.state import Overloaded, State


def ask(state: State, context: int) -> bool:
    """Note a read at a leader; returns False if it must be asked again later.

    Section 6.4, step 1: until the leader has committed an entry of its own term it does not know
    which entries are committed. Step 2: the read index is the commit index *when asked*.
    """
    if state.log.term_at(state.commit) != state.term:
        return False
    if len(state.new_reads) + len(state.pending_reads) >= state.config.max_reads:
        raise Overloaded(f"{state.config.max_reads} reads wait for a quorum: try later")
    state.new_reads.append((context, state.commit))
    return True


def begin_round(state: State) -> None:
    """Give all waiting reads one new round, which the next heartbeats carry (step 3)."""
    if not state.new_reads:
        return
    state.read_round += 1
    state.pending_reads.extend((state.read_round, *read) for read in state.new_reads)
    state.new_reads = []
    state.broadcast = True
    confirm(state)  # a leader of one needs nobody's answer


def confirm(state: State) -> None:
    """Answer the reads whose round a quorum has echoed: we still led after they were asked."""
    while state.pending_reads:
        round_, context, index = state.pending_reads[0]
        echoed = {peer for peer, known in state.progress.items() if known.read_round >= round_}
        if not votes_won(state.config.voters, echoed | {state.me}):
            return
        state.pending_reads.popleft()
        state.ready_reads.append((context, index))
