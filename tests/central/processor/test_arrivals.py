"""Cars that were seen to come, with a weak score or one that soon grows weak."""

import itertools
import math
from dataclasses import replace

import pytest

from central.ledger.records import Occupancy
from central.processor.evidence import EvidenceFilter, EvidenceSettings

SETTINGS = EvidenceSettings(occupied_above=0.6, vacant_below=0.4)
SECOND = 1_000_000
OCCUPIED, VACANT, UNKNOWN = Occupancy.OCCUPIED, Occupancy.VACANT, Occupancy.UNKNOWN
WEAK = 0.38  # what a dark car at dawn scores: not enough by itself
MINUTES = 300


class Spot:
    """One spot in a view that moves: no two frames are quite the same. A frame a second."""

    def __init__(self, settings: EvidenceSettings = SETTINGS) -> None:
        self._filter = EvidenceFilter(settings, ("a", "moves"), {"a": VACANT, "moves": VACANT})
        self._noise = itertools.cycle((0.0, 0.001))
        self.now = 0

    def show(self, score: float, *, seconds: int) -> int | None:
        """Return how many seconds after the first of these frames the spot changed first."""
        changed = None
        for second in range(seconds):
            found = self._filter.observe((score, next(self._noise)), self.now * SECOND)
            if found and changed is None:
                changed = second
            self.now += 1
        return changed

    @property
    def occupancy(self) -> Occupancy:
        return self._filter.occupancies()["a"]


def test_a_weak_score_that_was_seen_to_rise_and_stays_is_a_car() -> None:
    spot = Spot()
    spot.show(0.01, seconds=MINUTES)
    found = spot.show(WEAK, seconds=60)
    assert spot.occupancy is OCCUPIED
    assert found is not None
    assert 10 <= found <= 14


def test_what_passes_or_stands_before_a_spot_for_a_few_seconds_is_none() -> None:
    spot = Spot()
    spot.show(0.01, seconds=MINUTES)
    for _ in range(20):
        spot.show(WEAK, seconds=8)
        spot.show(0.01, seconds=40)
    assert spot.occupancy is VACANT


def test_a_score_that_creeps_up_as_light_goes_is_none() -> None:
    spot = Spot()
    spot.show(0.01, seconds=MINUTES)
    for percent in range(1, 60):  # ten minutes until it is at 0.6
        spot.show(percent / 100, seconds=10)
    assert spot.occupancy is UNKNOWN, "half sure for two minutes"


def test_where_a_spot_was_never_clearly_vacant_a_weak_score_says_nothing() -> None:
    spot = Spot()
    spot.show(0.2, seconds=MINUTES)
    assert spot.show(WEAK, seconds=MINUTES) is None


@pytest.mark.parametrize("gap", [15, 1800])
def test_what_nobody_saw_rise_is_not_seen_to_come(gap: int) -> None:
    """Half an hour changes the light as well: a still after a gap has to be clear by itself."""
    spot = Spot()
    spot.show(0.01, seconds=MINUTES)
    spot.now += gap
    assert spot.show(WEAK, seconds=60) is None
    assert spot.occupancy is VACANT


def test_frames_that_say_nothing_of_a_spot_are_no_arrival() -> None:
    spot = Spot()
    spot.show(0.01, seconds=MINUTES)
    assert spot.show(math.nan, seconds=60) is None
    assert spot.show(WEAK, seconds=60) is None, "what happened meanwhile nobody saw"


def test_a_picture_that_stands_still_is_one_look() -> None:
    """A camera that hangs, or a still that is sent again and again."""
    spots = EvidenceFilter(SETTINGS, ("a",), {"a": VACANT})
    shown = [0.01] * MINUTES + [WEAK] * MINUTES
    assert not any(spots.observe((score,), at * SECOND) for at, score in enumerate(shown))


def test_a_strip_in_which_nothing_differs_is_a_look_of_its_own() -> None:
    """The camera compared: a quiet lot is watched, too."""
    spots = EvidenceFilter(SETTINGS, ("a",), {"a": VACANT})
    shown = [0.01] * MINUTES + [WEAK] * 60
    found = [spots.observe((s,), at * SECOND, compared=True) for at, s in enumerate(shown)]
    assert [one.occupancy for frame in found for one in frame] == [OCCUPIED]


def test_a_car_that_has_just_come_stays_though_something_half_hides_it() -> None:
    fading = 0.12  # clear enough for a car that has stood there for long
    spot = Spot()
    spot.show(0.01, seconds=MINUTES)
    spot.show(0.98, seconds=20)
    assert spot.show(fading, seconds=30) is None
    assert spot.show(0.98, seconds=MINUTES) is None
    assert spot.show(fading, seconds=30) is not None


def test_a_car_that_leaves_at_once_is_seen_to_go() -> None:
    spot = Spot()
    spot.show(0.01, seconds=MINUTES)
    spot.show(0.98, seconds=10)
    assert spot.show(0.01, seconds=20) in range(3, 9)


def test_without_a_time_to_stay_a_car_leaves_as_any_other() -> None:
    spot = Spot(replace(SETTINGS, stay_seconds=0.0))
    spot.show(0.01, seconds=MINUTES)
    spot.show(0.98, seconds=20)
    assert spot.show(0.12, seconds=30) is not None


def test_another_word_than_ours_begins_anew() -> None:
    spots = EvidenceFilter(SETTINGS, ("a", "b"), {})
    spots.restart("a", OCCUPIED)
    shown = [(0.99, at % 2 / 1000) for at in range(20)] + [(0.1, at % 2 / 1000) for at in range(20)]
    found = [spots.observe(pair, at * SECOND) for at, pair in enumerate(shown)]
    changes = [one for frame in found for one in frame if one.spot_id == "a"]
    assert [one.occupancy for one in changes] == [VACANT], "the ledger's car has not just come"
    assert spots.blind()
    for at in range(100, 160):
        spots.observe((WEAK, at % 2 / 1000), at * SECOND)
    assert spots.occupancies()["a"] is UNKNOWN
