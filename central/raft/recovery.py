"""What a restart trusts, and the way out when a quorum is gone for good."""

from central.raft.effects import HardState, Persist
from central.raft.log import Log
from central.raft.messages import Configuration, Entry, Snapshot


def check_disk(log: Log, hard_state: HardState, applied: int) -> None:
    """Refuse to take part with a disk that is known to have lost data."""
    if applied > log.last_index:
        raise ValueError(
            f"the state machine has applied entry {applied}, but the log ends at "
            f"{log.last_index}: the log has lost data"
        )
    if applied < log.start.index:
        raise ValueError(
            f"the log starts after entry {log.start.index}, but the state machine has applied "
            f"only {applied}: the state has lost data"
        )
    if log.last_term > hard_state.term:
        # We took part in that term, and whom we voted for in it is forgotten: to go on could be
        # to vote twice (PySyncObj#202).
        raise ValueError(
            f"the log ends in term {log.last_term}, but the stored term is {hard_state.term}: "
            "the term and vote were lost"
        )


def forced(hard_state: HardState, last: Snapshot, survivors: Configuration) -> Persist:
    """Return the write that makes `survivors` the whole group, whoever the others were.

    For a group that has lost its quorum for good, and only at an operator's word: entries that the
    lost replicas had committed, and no survivor holds, are lost; and if the lost ones ever come
    back they must be kept apart, for they could still decide without the survivors. `last` names
    the end of the survivor's log; it must be the most up-to-date one of the survivors.
    """
    term = hard_state.term + 1
    entry = Entry(last.index + 1, term, configuration=survivors)
    return Persist(HardState(term, None), (entry,))
