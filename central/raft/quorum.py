"""Majorities (section 3.3: any two of them share a member)."""

from collections.abc import Collection, Iterable, Mapping


def majority(voters: int) -> int:
    """Return the least number of voters that any two sets of that size share a member."""
    return voters // 2 + 1


def agreed_index(voters: Collection[str], index_of: Mapping[str, int]) -> int:
    """Return the highest index that a majority has reached; absent voters are at 0."""
    reached = sorted((index_of.get(voter, 0) for voter in voters), reverse=True)
    return reached[majority(len(voters)) - 1]


def votes_won(voters: Collection[str], granted: Iterable[str]) -> bool:
    """Return whether a majority of the voters granted."""
    return len(set(granted) & set(voters)) >= majority(len(voters))


def votes_lost(voters: Collection[str], refused: Iterable[str]) -> bool:
    """Return whether so many refused that no majority can be had any more."""
    return len(set(voters) - set(refused)) < majority(len(voters))
