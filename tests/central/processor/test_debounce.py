"""The debouncer against a naive twin that remembers everything, and what it promises."""

import operator
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ledger.records import CONFIDENCE_SCALE, Detection, Occupancy
from central.processor.debounce import (
    Debouncer,
    DebounceSettings,
    Observation,
    SpotDebouncer,
    quantise,
)

SETTINGS = DebounceSettings(
    occupied_above=0.7,
    vacant_below=0.3,
    enter_observations=3,
    leave_observations=4,
    unsure_observations=5,
    unsure_seconds=20.0,
)
SECOND = 1_000_000

probabilities = st.one_of(
    st.sampled_from((0.0, 0.1, 0.3, 0.5, 0.69, 0.7, 0.9, 1.0, float("nan"))),
    st.floats(0.0, 1.0),
)
occupancies = st.sampled_from(tuple(Occupancy))
gaps = st.integers(0, 30 * SECOND)


class Twin:
    """Recomputes every decision from the whole history since the last one."""

    def __init__(self, occupancy: Occupancy) -> None:
        self.occupancy = occupancy
        self.history: list[tuple[Observation, float, int]] = []

    def observe(self, probability: float, at_us: int) -> tuple[Occupancy, int] | None:
        self.history.append((SETTINGS.observe(probability), probability, at_us))
        decision = self._decide()
        if decision is not None:
            self.occupancy = decision[0]
            self.history = []
        return decision

    def _decide(self) -> tuple[Occupancy, int] | None:
        unsure: list[int] = []
        for observation, _, at_us in reversed(self.history):
            if observation is not Observation.UNSURE:
                break
            unsure.append(at_us)
        if unsure:
            long = len(unsure) >= 5 or unsure[0] - unsure[-1] >= 20 * SECOND
            return (Occupancy.UNKNOWN, 0) if long and not self._is(Occupancy.UNKNOWN) else None
        sure = [item for item in self.history if item[0] is not Observation.UNSURE]
        run: list[float] = []
        for observation, probability, _ in reversed(sure):
            if observation is not sure[-1][0]:
                break
            run.insert(0, probability)
        mean = reduce(operator.add, run, 0.0) / len(run)
        if sure[-1][0] is Observation.OCCUPIED and len(run) >= 3 and not self._is(OCCUPIED):
            return OCCUPIED, quantise(mean)
        if sure[-1][0] is Observation.VACANT and len(run) >= 4 and not self._is(VACANT):
            return VACANT, quantise(1.0 - mean)
        return None

    def _is(self, occupancy: Occupancy) -> bool:
        return self.occupancy is occupancy


OCCUPIED, VACANT, UNKNOWN = Occupancy.OCCUPIED, Occupancy.VACANT, Occupancy.UNKNOWN


@given(occupancies, st.lists(st.tuples(probabilities, gaps), max_size=60))
def test_decides_as_the_naive_twin(start: Occupancy, frames: list[tuple[float, int]]) -> None:
    spot, twin, at_us = SpotDebouncer(SETTINGS, start), Twin(start), 0
    for probability, gap in frames:
        at_us += gap
        assert spot.observe(probability, at_us) == twin.observe(probability, at_us)
        assert spot.occupancy is twin.occupancy


@given(st.booleans(), st.lists(st.sampled_from(("agree", "unsure", "contrary")), max_size=60))
def test_a_single_contrary_frame_never_flips(occupied: bool, frames: list[str]) -> None:
    start, agree, contrary = (OCCUPIED, 1.0, 0.0) if occupied else (VACANT, 0.0, 1.0)
    spot = SpotDebouncer(SETTINGS, start)
    for second, frame in enumerate(frames):
        # Every contrary frame stands alone: an agreeing one follows at once.
        shown = {"agree": [agree], "unsure": [0.5, agree], "contrary": [contrary, agree]}[frame]
        for probability in shown:
            assert spot.observe(probability, second * SECOND) is None
    assert spot.occupancy is start


@given(occupancies, st.lists(probabilities, max_size=20), st.booleans())
def test_enough_agreeing_observations_always_decide(
    start: Occupancy, before: list[float], occupied: bool
) -> None:
    spot = SpotDebouncer(SETTINGS, start)
    for probability in before:
        spot.observe(probability, 0)
    for _ in range(4):
        spot.observe(1.0 if occupied else 0.0, 0)
    assert spot.occupancy is (OCCUPIED if occupied else VACANT)


@pytest.mark.parametrize("contrary", [0.0, 0.1, 0.5, float("nan")])
def test_a_passer_by_does_not_empty_a_spot(contrary: float) -> None:
    """The wish of blakeblackshear/frigate#10739: a parked car stays parked behind a passer-by."""
    spot = SpotDebouncer(SETTINGS, OCCUPIED)
    seen = [spot.observe(p, 0) for p in [1.0, contrary, 1.0, contrary, contrary, 1.0] * 20]
    assert seen == [None] * len(seen)


def test_confidence_is_the_mean_of_the_deciding_observations() -> None:
    spot = SpotDebouncer(SETTINGS, VACANT)
    assert [spot.observe(p, 0) for p in (0.9, 0.2, 0.7, 0.5, 0.8)] == [None] * 5
    assert spot.observe(0.9, 0) == (OCCUPIED, 8000)
    assert [spot.observe(p, 0) for p in (0.0, 0.1, 0.2)] == [None] * 3
    assert spot.observe(0.1, 0) == (VACANT, 9000)


def test_unsure_for_long_is_unknown_by_count_or_by_time() -> None:
    by_count = SpotDebouncer(SETTINGS, OCCUPIED)
    assert [by_count.observe(0.5, 0) for _ in range(5)] == [None] * 4 + [(UNKNOWN, 0)]
    by_time = SpotDebouncer(SETTINGS, OCCUPIED)
    assert by_time.observe(0.5, 100 * SECOND) is None
    assert by_time.observe(0.5, 119 * SECOND) is None
    assert by_time.observe(0.5, 120 * SECOND) == (UNKNOWN, 0)
    assert by_time.observe(0.5, 999 * SECOND) is None, "said once"


def test_a_sure_observation_ends_a_run_of_unsure_ones() -> None:
    spot = SpotDebouncer(SETTINGS, OCCUPIED)
    assert not any(spot.observe(p, 0) for p in [0.5, 0.5, 0.5, 0.5, 1.0] * 10)


def test_a_camera_begins_with_what_the_ledger_holds() -> None:
    debouncer = Debouncer(SETTINGS, ("a", "b", "c"), {"a": OCCUPIED, "b": VACANT})
    frames = [debouncer.observe((1.0, 0.0, 1.0), 0) for _ in range(4)]
    assert frames == [(), (), (Detection("c", OCCUPIED, CONFIDENCE_SCALE),), ()]


def test_blind_makes_everything_unknown_and_forgets_evidence() -> None:
    debouncer = Debouncer(SETTINGS, ("a", "b"), {"a": OCCUPIED})
    debouncer.observe((1.0, 1.0), 0)
    debouncer.observe((1.0, 1.0), 0)
    assert debouncer.blind() == (Detection("a", UNKNOWN, 0),)
    assert debouncer.observe((1.0, 1.0), 0) == ()
    assert debouncer.blind() == ()


def test_scores_and_spots_must_match() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Debouncer(SETTINGS, ("a", "b"), {}).observe((1.0,), 0)


@pytest.mark.parametrize(("occupied", "vacant"), [(0.3, 0.7), (0.5, 0.5), (1.1, 0.3), (0.7, -0.1)])
def test_thresholds_must_leave_room_between_them(occupied: float, vacant: float) -> None:
    with pytest.raises(ValueError, match="must lie in"):
        DebounceSettings(occupied_above=occupied, vacant_below=vacant)
