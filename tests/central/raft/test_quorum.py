"""quorum.py against the definition of a majority, spelt out."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from central.raft.quorum import agreed_index, majority, votes_lost, votes_won

VOTERS = st.integers(1, 7).map(lambda count: "abcdefg"[:count])
SOME = st.sets(st.sampled_from("abcdefgxy"))  # x and y are never voters


def majorities(voters: str) -> list[set[str]]:
    """Return the sets of more than half of the voters."""
    return [
        set(some)
        for size in range(len(voters) + 1)
        for some in combinations(voters, size)
        if 2 * size > len(voters)
    ]


@given(VOTERS)
def test_any_two_majorities_share_a_voter_and_no_smaller_number_would_do(voters: str) -> None:
    # Section 3.3
    size = majority(len(voters))
    sets = [set(some) for some in combinations(voters, size)]
    assert all(one & other for one in sets for other in sets)
    smaller = [set(some) for some in combinations(voters, size - 1)]
    assert not all(one & other for one in smaller for other in smaller)


@given(VOTERS, st.dictionaries(st.sampled_from("abcdefgxy"), st.integers(0, 9)))
def test_agreed_index_is_the_highest_that_a_majority_holds(
    voters: str, index_of: dict[str, int]
) -> None:
    held = [
        index
        for index in range(10)
        if any(all(index_of.get(v, 0) >= index for v in some) for some in majorities(voters))
    ]
    assert agreed_index(voters, index_of) == max(held)


@given(VOTERS, SOME, SOME)
def test_an_election_is_won_by_a_majority_and_lost_when_none_is_left(
    voters: str, granted: set[str], refused: set[str]
) -> None:
    assert votes_won(voters, granted) == any(some <= granted for some in majorities(voters))
    still_possible = any(not some & refused for some in majorities(voters))
    assert votes_lost(voters, refused) == (not still_possible)
