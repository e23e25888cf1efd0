"""Who belongs to the group: one voter at a time (sections 4.1 to 4.3)."""

from dataclasses import replace

from central.raft import reads, replication
from central.raft.messages import Configuration, TimeoutNow
from central.raft.progress import Mode
from central.raft.state import ChangeRefused, State


def change(state: State, wanted: Configuration) -> int:
    """As leader: append a configuration, which counts from now on; returns its index.

    Raises ValueError for one that can never be taken from here, ChangeRefused for one that must
    wait.
    """
    if wanted.voters & wanted.learners:
        both = ", ".join(sorted(wanted.voters & wanted.learners))
        raise ValueError(f"{both}: a member is a voter or a learner, not both")
    if wanted.staying - wanted.learners:
        names = ", ".join(sorted(wanted.staying - wanted.learners))
        raise ValueError(f"{names}: only a learner can stay one")
    if not wanted.voters:
        raise ValueError("a group needs at least one voter")
    if state.voters & wanted.learners:
        # It would be promoted again at once, for learners are newcomers here.
        names = ", ".join(sorted(state.voters & wanted.learners))
        raise ValueError(f"{names}: a voter can be removed, not made a learner")
    changed = wanted.voters ^ state.voters
    if len(changed) > 1:
        # Section 4.1: only then do any majorities of the old and the new one overlap.
        names = ", ".join(sorted(changed))
        raise ValueError(f"{names}: only one voter may be added or removed at a time")
    if (reason := _wait_for(state)) is not None:
        raise ChangeRefused(f"{reason}: try later")
    return _append(state, wanted)


def promote_if_ready(state: State, peer: str) -> None:
    """Make a learner a voter once it keeps up; called at each of its replies.

    Section 4.2.1: entries are replicated in rounds, each to the end of the log at its beginning;
    when a round takes less than an election time-out, the newcomer would not hold the group up. A
    learner that is to stay one is left alone until a configuration no longer says so.
    """
    configuration = state.log.configuration
    if peer not in configuration.learners or peer in configuration.staying:
        return
    progress = state.progress.get(peer)
    if progress is None:
        return  # we ourselves: a leader that was removed, and added anew behind its back
    if progress.mode is not Mode.REPLICATE or progress.match < progress.round_end:
        return
    if progress.round_ticks >= state.config.election_ticks:
        progress.round_end = state.log.last_index
        progress.round_ticks = 0
    elif _wait_for(state) is None:
        voters, learners = configuration.voters | {peer}, configuration.learners - {peer}
        _append(state, replace(configuration, voters=voters, learners=learners))


def leave_if_removed(state: State) -> None:
    """As leader: step down once a configuration without us is committed (section 4.2.2).

    Until then it leads a group that it is not counted in. It tells the others what is committed,
    and asks the one with the longest log to take over without waiting.
    """
    if state.me in state.voters or state.log.configuration_index > state.commit:
        return
    for peer in state.peers:
        replication.send_heartbeat(state, peer)
    heir = max(sorted(state.voters), key=lambda voter: state.progress[voter].match)
    state.messages_after.append(TimeoutNow(state.me, heir, state.term))
    state.become_follower(state.term, None)


def _wait_for(state: State) -> str | None:
    """Why no configuration can be appended just now, or None."""
    if state.transferee is not None:
        return "leadership is being handed over"
    if state.log.term_at(state.commit) != state.term:
        # Without this two leaders in turn could commit by majorities that do not overlap (Ongaro,
        # "bug in single-server membership changes", raft-dev, 2015).
        return "nothing is committed in this term yet"
    if state.log.configuration_index > state.commit:
        # Section 4.1: at most one change is under way.
        return "an earlier change is not committed yet"
    return None


def _append(state: State, configuration: Configuration) -> int:
    index = state.log.append_configuration(state.term, configuration)
    state.follow_configuration()
    # A lease holds against the majorities of the configuration in which it was earned.
    state.lease_from = None
    state.rounds_began.clear()
    # Reads that waited for a member that is no longer asked; nobody's answer may be left to come.
    reads.confirm(state)
    return index
