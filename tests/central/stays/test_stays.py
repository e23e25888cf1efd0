"""Stays: what begins and ends one, what a gap of unknown does, and a twin that steps by seconds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.layout.document import Layout, Spot, Zone
from central.ledger.records import Occupancy, OccupancyChange, RecordedChange, SpotState
from central.stays.stays import SECOND_US, Stay, limits_of, over_stay_s, stays_of

OCCUPIED, VACANT, UNKNOWN = Occupancy.OCCUPIED, Occupancy.VACANT, Occupancy.UNKNOWN


def history(
    *steps: tuple[int, Occupancy], spot: str = "A1", first: Occupancy = VACANT
) -> list[RecordedChange]:
    """Return the changes of one spot, (second, what it became)."""
    found, previous = [], first
    for index, (second, occupancy) in enumerate(steps, 1):
        change = OccupancyChange(
            "north", spot, previous, occupancy, 9000, "east", second * SECOND_US
        )
        # Committed later than captured, as always.
        found.append(RecordedChange(index, (second + 3) * SECOND_US, change))
        previous = occupancy
    return found


def stay(began: int, ended: int | None, *, seen: tuple[bool, bool] = (True, True)) -> Stay:
    ended_us = None if ended is None else ended * SECOND_US
    return Stay("A1", began * SECOND_US, ended_us, began_seen=seen[0], ended_seen=seen[1])


def test_a_stay_is_from_vacant_to_vacant_by_the_time_of_capture() -> None:
    changes = history((10, OCCUPIED), (70, VACANT), (80, OCCUPIED))
    assert stays_of(changes) == (stay(10, 70), stay(80, None))
    assert stay(80, None).seconds(now_us=95 * SECOND_US) == 15.0


def test_a_short_gap_is_bridged_and_a_long_one_is_not() -> None:
    changes = history((10, OCCUPIED), (20, UNKNOWN), (25, OCCUPIED), (40, VACANT))
    assert stays_of(changes, bridge_s=5) == (stay(10, 40),)
    assert stays_of(changes, bridge_s=4) == (
        stay(10, 20, seen=(True, False)),
        stay(25, 40, seen=(False, True)),
    )


def test_who_left_unseen_was_there_until_last_seen() -> None:
    changes = history((10, OCCUPIED), (20, UNKNOWN), (25, VACANT))
    assert stays_of(changes) == (stay(10, 20, seen=(True, False)),)
    assert stays_of(changes[:2]) == (stay(10, 20, seen=(True, False)),)


def test_who_was_there_before_the_history_begins_is_counted() -> None:
    opening = [SpotState("A1", OCCUPIED, 9000, "east", 4 * SECOND_US)]
    changes = history((30, VACANT), first=OCCUPIED)
    assert stays_of(changes, opening=opening) == (stay(4, 30, seen=(False, True)),)
    assert stays_of([], opening=opening) == (stay(4, None, seen=(False, True)),)
    assert stays_of(changes) == (stay(30, 30, seen=(False, True)),)


def test_clocks_that_differ_never_make_a_stay_shorter_than_nothing() -> None:
    assert stays_of(history((10, OCCUPIED), (8, VACANT))) == (stay(10, 10),)


def test_limits_are_those_of_the_zones() -> None:
    layout = Layout(
        "north",
        zones=(Zone("short", max_stay_s=60), Zone("long")),
        spots=(Spot("A1", "short"), Spot("A2", "long"), Spot("A3")),
    )
    limits = limits_of(layout)
    assert limits == {"A1": 60}
    assert over_stay_s(stay(0, 90), limits, now_us=0) == 30.0
    assert over_stay_s(stay(0, 60), limits, now_us=0) == 0.0
    assert over_stay_s(stay(0, None), limits, now_us=61 * SECOND_US) == 1.0
    assert over_stay_s(stay(0, 90), {}, now_us=0) == 0.0


steps = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from((OCCUPIED, VACANT, UNKNOWN))), max_size=12
)


@given(steps=steps, bridge=st.integers(0, 12))
def test_it_says_what_a_twin_says_that_walks_second_by_second(
    steps: list[tuple[int, Occupancy]], bridge: int
) -> None:
    at, previous = 0, VACANT
    kept = []
    for gap, occupancy in steps:
        at += gap
        if occupancy is not previous:
            kept.append((at, occupancy))
            previous = occupancy
    taken = _twin(kept, bridge)
    found = stays_of(history(*kept), bridge_s=bridge)
    assert [(s.began_us, s.ended_us) for s in found] == [
        (b * SECOND_US, None if e is None else e * SECOND_US) for b, e in taken
    ]


def _twin(kept: list[tuple[int, Occupancy]], bridge: int) -> list[tuple[int, int | None]]:
    """Cut the time into runs, drop the short unknown ones, then read the occupied ones."""
    begins = [at for at, _ in kept]
    ends: list[int | None] = [*begins[1:], None]
    what = [occupancy for _, occupancy in kept]
    for place in range(1, len(what) - 1):
        between = (what[place - 1], what[place], what[place + 1]) == (OCCUPIED, UNKNOWN, OCCUPIED)
        if between and begins[place + 1] - begins[place] <= bridge:
            what[place] = OCCUPIED
    joined: list[tuple[int, int | None]] = []
    for begin, end, occupancy in zip(begins, ends[: len(begins)], what, strict=True):
        if occupancy is OCCUPIED:
            if joined and joined[-1][1] == begin:
                begin = joined.pop()[0]
            joined.append((begin, end))
    return joined


@pytest.mark.parametrize("bridge", [0, 600])
def test_two_spots_do_not_meet(bridge: int) -> None:
    changes = [*history((10, OCCUPIED)), *history((11, OCCUPIED), spot="A2")]
    assert [s.spot_id for s in stays_of(changes, bridge_s=bridge)] == ["A1", "A2"]
