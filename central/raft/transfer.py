"""Leadership transfer (section 3.10)."""

from central.raft import election
from central.raft.messages import TimeoutNow
from central.raft.state import State


def begin(state: State, target: str) -> None:
    """Hand leadership to a follower once its log is as long as ours.

    Step 1: "the prior leader stops accepting new client requests". Step 2: it replicates what the
    target lacks. Step 3: it asks the target to start an election without waiting.
    """
    state.transferee = target
    state.transfer_ticks = 0
    ask_if_ready(state)


def ask_if_ready(state: State) -> None:
    """Send TimeoutNow once the target holds everything; called at every reply, so also again."""
    target = state.transferee
    if target is not None and state.progress[target].match == state.log.last_index:
        # The target may vote itself in at any time from now on, whatever our followers promised.
        state.lease_forfeited = True
        state.messages_after.append(TimeoutNow(state.me, target, state.term))


def tick(state: State) -> None:
    """Give up after an election time-out: "the prior leader aborts the transfer and resumes"."""
    if state.transferee is None:
        return
    state.transfer_ticks += 1
    if state.transfer_ticks >= state.config.election_ticks:
        state.transferee = None


def on_timeout_now(state: State, message: TimeoutNow) -> None:
    """Stand for election at once, if it is still our leader who asks.

    No pre-vote: the others hear the leader and would refuse (canonical/raft#203).
    """
    if state.leader == message.sender and state.may_stand:
        election.campaign(state, transfer=True)
