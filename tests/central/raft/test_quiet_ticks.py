"""What a caller may rely on that wakes only for ticks that do something."""

import pytest

from central.raft import AppendEntries, Raft, Role
from tests.central.raft.group import ELECTION_TICKS, config_of, lead, raft_of, role_of, take

HEARTBEAT_TICKS = config_of().heartbeat_ticks


def let_pass(raft: Raft) -> None:
    """Let those pass that are said to do nothing, and see."""
    quiet, role = raft.quiet_ticks, role_of(raft)
    assert 1 <= quiet <= HEARTBEAT_TICKS
    for _ in range(quiet - 1):
        raft.tick()
        assert raft.take_effects() is None
        assert role_of(raft) is role


@pytest.mark.parametrize("already", range(ELECTION_TICKS))
def test_a_follower_stands_at_a_tick_that_was_told(already: int) -> None:
    raft = raft_of(term=1)
    for _ in range(already):
        raft.tick()
    for _ in range(2 * ELECTION_TICKS):
        let_pass(raft)
        raft.tick()
        if role_of(raft) is not Role.FOLLOWER:
            assert take(raft).messages_after
            return
    raise AssertionError("it never stood")


@pytest.mark.parametrize("already", range(HEARTBEAT_TICKS))
def test_a_leader_speaks_at_a_tick_that_was_told_and_steps_down_at_one(already: int) -> None:
    raft = raft_of(term=1)
    lead(raft)
    for _ in range(already):
        raft.tick()
    raft.take_effects()
    spoke = 0
    for _ in range(2 * ELECTION_TICKS):
        let_pass(raft)
        raft.tick()
        effects = raft.take_effects()
        if role_of(raft) is not Role.LEADER:  # nobody answered
            assert spoke
            return
        spoke += effects is not None and any(
            isinstance(one, AppendEntries) for one in effects.messages_now
        )
    raise AssertionError("it never stepped down")


def test_whoever_hears_a_leader_has_time() -> None:
    raft = raft_of(term=1)
    while raft.quiet_ticks > 1:
        raft.tick()
    raft.step(AppendEntries("b", "a", 1, 0, 0, commit_index=0, read_round=0))
    take(raft)
    assert raft.quiet_ticks == HEARTBEAT_TICKS
