"""What the tests of membership share."""

from central.raft import (
    Configuration,
    Raft,
)
from tests.central.raft.group import (
    Group,
    accept,
    lead,
    raft_of,
    take,
)


def voters(names: str, learners: str = "") -> Configuration:
    """Return a configuration of members with names of one letter."""
    return Configuration(frozenset(names), frozenset(learners))


def leader(names: str = "abc") -> Raft:
    """Return a leader that has committed the first entry of its term."""
    raft = raft_of(voters=names)
    lead(raft)
    for holder in names:
        accept(raft, holder, 1)
    take(raft)
    return raft


def group_led_by_a(names: str = "abc", extra: str = "") -> Group:
    """Return a group, and newcomers with empty disks beside it, that a leads."""
    group = Group(*(raft_of(n, names) for n in names), *(raft_of(n, "") for n in extra))
    group.elect("a")
    group.tick(2)
    return group
