"""The evidence filter against a naive twin that goes spot by spot, and what it promises."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ledger.records import CONFIDENCE_SCALE, Detection, Occupancy
from central.processor.evidence import (
    EvidenceFilter,
    EvidenceSettings,
    logit,
    quantise,
)

SETTINGS = EvidenceSettings(
    occupied_above=0.6,
    vacant_below=0.4,
    enter_seconds=4.0,
    leave_seconds=6.0,
    enter_confidence=0.75,
    leave_confidence=0.85,
    frame_limit=0.97,
    unsure_seconds=20.0,
    settle_seconds=10.0,
    settle_confidence=0.6,
    usual_seconds=20.0,
    usual_confidence=0.9,
    seen_confidence=0.4,
    seen_seconds=5.0,
    stay_seconds=15.0,
    stay_confidence=0.93,
)
SECOND = 1_000_000
OCCUPIED, VACANT, UNKNOWN = Occupancy.OCCUPIED, Occupancy.VACANT, Occupancy.UNKNOWN

probabilities = st.one_of(
    st.sampled_from((0.0, 0.1, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0, math.nan)), st.floats(0.0, 1.0)
)
occupancies = st.sampled_from(tuple(Occupancy))
gaps = st.one_of(st.just(SECOND), st.integers(-5 * SECOND, 30 * SECOND))


class Twin:
    """One spot, in plain arithmetic."""

    def __init__(self, occupancy: Occupancy) -> None:
        limit = logit(SETTINGS.frame_limit)
        self.occupancy = occupancy
        self.average = {OCCUPIED: limit, VACANT: -limit, UNKNOWN: 0.0}[occupancy]
        self.side = 0
        self.side_us: int | None = None
        self.last_us: int | None = None
        self.recent = self.usual = self.average
        self.raised: tuple[int, bool] | None = None  # since when it is up, and whether it counts
        self.came_us: int | None = None

    def observe(
        self, probability: float, at_us: int, *, fresh: bool, watched: bool
    ) -> tuple[Occupancy, int] | None:
        limit = logit(SETTINGS.frame_limit)
        if math.isnan(probability):
            evidence = 0.0
        elif probability in (0.0, 1.0):
            evidence = limit if probability else -limit
        else:
            evidence = max(-limit, min(limit, logit(probability)))
        gap = 1.0 if self.last_us is None else max(0.0, (at_us - self.last_us) / SECOND)
        self.last_us = at_us
        memory = SETTINGS.memory_s(entering=evidence > self.average)
        self.average += min(0.6, 1 - math.exp(-gap / memory)) * (evidence - self.average)
        side = 1 if self.average >= logit(0.6) else -1 if self.average <= logit(0.4) else 0
        if self.side_us is None or side != self.side or self.side_us > at_us:
            self.side, self.side_us = side, at_us
        self.recent += min(0.6, 1 - math.exp(-gap)) * (evidence - self.recent)
        came = self._came(probability, at_us, watched=watched)
        self.usual += (1 - math.exp(-gap / 20)) * (self.recent - self.usual)
        decided = self._decide(at_us, came=came, fresh=fresh)
        if decided is self.occupancy:
            return None
        if decided is not OCCUPIED:
            self.came_us = None
        elif self.occupancy is VACANT:
            self.came_us = at_us
        self.occupancy = decided
        said = {OCCUPIED: probability, VACANT: 1 - probability, UNKNOWN: 0.0}[decided]
        return decided, quantise(said)

    def _came(self, probability: float, at_us: int, *, watched: bool) -> bool:
        if math.isnan(probability):
            self.usual = 0.0
        if self.occupancy is not VACANT or self.recent < logit(0.4) or math.isnan(probability):
            self.raised = None
            return False
        if self.raised is None or (self.raised[1] and self.raised[0] > at_us):
            self.raised = at_us, self.usual <= -logit(0.9) and watched
        since_us, counts = self.raised
        return counts and at_us - since_us >= 5 * SECOND

    def _decide(self, at_us: int, *, came: bool, fresh: bool) -> Occupancy:
        assert self.side_us is not None
        lasted_us = at_us - self.side_us
        just = self.came_us is not None and 0 <= at_us - self.came_us < 15 * SECOND
        stays = just if fresh else self.occupancy is OCCUPIED
        if self.average <= -logit(0.93 if stays else 0.85):
            return VACANT
        if self.average >= logit(0.75) or came:
            return OCCUPIED
        if self.occupancy is UNKNOWN and self.side and lasted_us >= 10 * SECOND:
            return OCCUPIED if self.side > 0 else VACANT
        if not self.side and lasted_us >= 20 * SECOND:
            said = {OCCUPIED: self.average, VACANT: -self.average, UNKNOWN: 0.0}[self.occupancy]
            return self.occupancy if said >= logit(0.55) else UNKNOWN
        return self.occupancy


class Looking:
    """Whether something new was seen in the last ten seconds, and in the ten before."""

    def __init__(self) -> None:
        self.last: str | None = None
        self.fresh = False
        self.fresh_us: int | None = None
        self.jumped_us = 0

    def watched(self, seen: list[float], at_us: int) -> bool:
        self.fresh = repr(seen) != self.last
        if self.fresh:
            if self.fresh_us is None or abs(at_us - self.fresh_us) > 10 * SECOND:
                self.jumped_us = at_us
            self.last, self.fresh_us = repr(seen), at_us
        assert self.fresh_us is not None
        looks = abs(at_us - self.fresh_us) <= 10 * SECOND
        return looks and abs(at_us - self.jumped_us) > 10 * SECOND


@given(
    st.lists(occupancies, min_size=2, max_size=2),
    st.lists(st.tuples(probabilities, probabilities, gaps), max_size=60),
)
def test_decides_as_the_naive_twins(
    start: list[Occupancy], frames: list[tuple[float, float, int]]
) -> None:
    both = EvidenceFilter(SETTINGS, ("a", "b"), dict(zip("ab", start, strict=True)))
    twins, looking = [Twin(occupancy) for occupancy in start], Looking()
    at_us = 1000 * SECOND
    for *pair, gap in frames:
        at_us += gap
        watched = looking.watched(pair, at_us)
        said = [
            twin.observe(p, at_us, fresh=looking.fresh, watched=watched)
            for twin, p in zip(twins, pair, strict=True)
        ]
        expected = tuple(
            Detection(spot, *one) for spot, one in zip("ab", said, strict=True) if one is not None
        )
        found = both.observe(pair, at_us)
        assert [(d.spot_id, d.occupancy) for d in found] == [
            (d.spot_id, d.occupancy) for d in expected
        ]
        assert both.occupancies() == {s: t.occupancy for s, t in zip("ab", twins, strict=True)}


def one(occupancy: Occupancy) -> EvidenceFilter:
    return EvidenceFilter(SETTINGS, ("a",), {"a": occupancy})


def seconds_until(spot: EvidenceFilter, probability: float, *, rate: float) -> float:
    """Return when the first change comes while a spot looks the same at `rate` frames a second."""
    for number in range(round(600 * rate)):
        if spot.observe((probability,), round(number / rate * SECOND), compared=True):
            return number / rate
    return math.inf


@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0, 10.0, 25.0])
def test_clear_evidence_takes_the_seconds_asked_for_at_any_frame_rate(rate: float) -> None:
    # The first frame stands for a second in which nobody looked, the last is at most a gap late.
    assert 4.0 - 1.0 <= seconds_until(one(VACANT), 1.0, rate=rate) <= 4.0 + 1.0 / rate
    assert 6.0 - 1.0 <= seconds_until(one(OCCUPIED), 0.0, rate=rate) <= 6.0 + 1.0 / rate


@given(st.booleans(), st.lists(st.tuples(st.sampled_from("aucn"), st.integers(0, 10**10))))
def test_a_single_contrary_frame_never_flips(occupied: bool, frames: list[tuple[str, int]]) -> None:
    start, agree, contrary = (OCCUPIED, 1.0, 0.0) if occupied else (VACANT, 0.0, 1.0)
    spot, at_us = one(start), 0
    for frame, gap in frames:
        # Every contrary frame stands alone: agreeing ones follow at once.
        for probability in {"a": [agree], "u": [0.5], "c": [contrary], "n": [math.nan]}[frame]:
            at_us += gap
            changes = spot.observe((probability,), at_us)
            assert all(change.occupancy is UNKNOWN for change in changes)
        for _ in range(3):
            at_us += 10 * SECOND
            spot.observe((agree,), at_us)
        assert spot.occupancies() == {"a": start}


@pytest.mark.parametrize("contrary", [0.0, 0.1, 0.5, math.nan])
def test_a_passer_by_does_not_empty_a_spot(contrary: float) -> None:
    """The wish of blakeblackshear/frigate#10739: a parked car stays parked behind a passer-by."""
    spot = one(OCCUPIED)
    shown = [1.0, contrary, 1.0, contrary, contrary, 1.0, 1.0] * 20
    assert not any(spot.observe((p,), at * SECOND) for at, p in enumerate(shown))


def test_evidence_that_is_not_sure_enough_changes_nothing_however_long_it_lasts() -> None:
    """Frames that look alike say the same thing again: they do not add up."""
    assert seconds_until(one(VACANT), 0.74, rate=1.0) == math.inf
    assert seconds_until(one(OCCUPIED), 0.16, rate=1.0) == math.inf


def test_a_leave_that_one_picture_alone_bears_out_needs_more() -> None:
    """One look is one look, however long the picture stands."""
    for probability, ever in ((0.1, False), (0.05, True)):
        spot = one(OCCUPIED)
        found = [spot.observe((probability,), at * SECOND) for at in range(600)]
        assert any(found) is ever, probability
    assert seconds_until(one(OCCUPIED), 0.1, rate=1.0) < 20.0, "looked at again each time"


def test_weaker_evidence_makes_an_unknown_spot_known_after_a_while() -> None:
    assert 10.0 <= seconds_until(one(UNKNOWN), 0.65, rate=1.0) <= 30.0
    assert 10.0 <= seconds_until(one(UNKNOWN), 0.35, rate=1.0) <= 30.0
    assert seconds_until(one(UNKNOWN), 0.5, rate=1.0) == math.inf


def test_what_was_unsure_is_not_known_by_the_least_step_beyond_a_threshold() -> None:
    asked = replace(SETTINGS, settle_confidence=0.7)
    for probability, ever in ((0.65, False), (0.35, False), (0.72, True), (0.28, True)):
        spot = EvidenceFilter(asked, ("a",), {"a": UNKNOWN})
        found = seconds_until(spot, probability, rate=1.0)
        assert (found < math.inf) is ever, probability


def test_unsure_for_long_is_unknown_and_sure_again_is_known_again() -> None:
    spot = one(OCCUPIED)
    first = next(at for at in range(600) if spot.observe((0.5,), at * SECOND))
    assert spot.occupancies() == {"a": UNKNOWN}
    assert 20 <= first <= 40
    assert [spot.observe((0.5,), at * SECOND) for at in (700, 701)] == [(), ()], "said once"
    assert spot.observe((0.99,), 702 * SECOND) == ()
    assert spot.observe((0.99,), 703 * SECOND) == (Detection("a", OCCUPIED, 9900),)


@pytest.mark.parametrize("held", [OCCUPIED, VACANT])
def test_what_is_unsure_but_bears_out_what_is_believed_stays_known(held: Occupancy) -> None:
    for said, ever in ((0.57, False), (0.53, True), (0.45, True), (math.nan, True)):
        probability = said if held is OCCUPIED else 1.0 - said
        found = seconds_until(one(held), probability, rate=1.0)
        assert (found < math.inf) is ever, said


@pytest.mark.parametrize("confidence", [0.5, 0.6, 0.66, 0.75, 0.96])
@pytest.mark.parametrize("held", [OCCUPIED, VACANT])
def test_one_frame_after_a_long_gap_changes_nothing_whatever_confidence_is_asked(
    held: Occupancy, confidence: float
) -> None:
    asked = EvidenceSettings(
        0.501,
        0.499,
        enter_confidence=max(0.501, confidence),
        leave_confidence=max(0.501, confidence),
    )
    spot = EvidenceFilter(asked, ("a",), {"a": held})
    agreeing, contrary = (1.0, 0.0) if held is OCCUPIED else (0.0, 1.0)
    assert spot.observe((agreeing,), 0) == ()
    assert spot.observe((contrary,), 86_400 * SECOND) == ()
    found = [spot.observe((contrary,), (86_400 + 60 * at) * SECOND) for at in range(1, 9)]
    assert [change.occupancy for frame in found for change in frame] == [
        VACANT if held is OCCUPIED else OCCUPIED
    ]


def test_a_glimpse_now_and_then_keeps_a_spot_known() -> None:
    spot = one(OCCUPIED)
    shown = ([0.5] * 8 + [1.0] * 4) * 30
    assert not any(spot.observe((p,), at * SECOND) for at, p in enumerate(shown))


def test_a_clock_that_is_set_back_costs_one_frame_and_nothing_else() -> None:
    spot = one(VACANT)
    spot.observe((0.0,), 10**12)
    times = [at * SECOND for at in range(20)]
    changes = [at for at in times if spot.observe((1.0,), at)]
    assert changes in ([4 * SECOND], [5 * SECOND])


def test_no_flip_at_start_up_or_after_a_fail_over() -> None:
    view = EvidenceFilter(SETTINGS, ("a", "b", "c"), {"a": OCCUPIED, "b": VACANT})
    frames = [view.observe((1.0, 0.0, 1.0), at * SECOND) for at in range(4)]
    assert [d for frame in frames for d in frame] == [Detection("c", OCCUPIED, CONFIDENCE_SCALE)]


def test_blind_makes_everything_unknown_and_forgets_evidence() -> None:
    view = EvidenceFilter(SETTINGS, ("a", "b"), {"a": OCCUPIED})
    assert view.blind() == (Detection("a", UNKNOWN, 0),)
    assert view.observe((1.0, 1.0), 0) == ()
    assert view.blind() == ()
    assert view.observe((1.0, 1.0), 3600 * SECOND) == (), "one frame is not an hour's evidence"


def test_scores_and_spots_must_match() -> None:
    with pytest.raises(ValueError, match="for 2 spots"):
        EvidenceFilter(SETTINGS, ("a", "b"), {}).observe((1.0,), 0)
    assert EvidenceFilter(SETTINGS, (), {}).observe((), 0) == ()


@pytest.mark.parametrize(("occupied", "vacant"), [(0.3, 0.7), (0.5, 0.5), (1.1, 0.3), (0.7, -0.1)])
def test_thresholds_must_leave_room_between_them(occupied: float, vacant: float) -> None:
    with pytest.raises(ValueError, match="must lie between"):
        EvidenceSettings(occupied_above=occupied, vacant_below=vacant)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"enter_confidence": 0.99}, "below the frame limit"),
        ({"leave_confidence": 0.4}, "at least 0.5"),
        ({"settle_confidence": 0.98}, "below the frame limit"),
        ({"keep_confidence": 0.45}, "at least 0.5"),
        ({"enter_confidence": 0.55}, "beyond its threshold"),
        ({"leave_confidence": 0.55}, "beyond its threshold"),
        ({"own_confidence": 0.97}, "below the frame limit"),
        ({"usual_confidence": 0.97}, "below the frame limit"),
        ({"stay_confidence": 0.4}, "at least 0.5"),
        ({"seen_confidence": 0.05}, "above what is usual"),
        ({"seen_confidence": 1.0}, "below 1"),
        ({"settle_seconds": 0.0}, "above 0 s"),
        ({"seen_seconds": 0.0}, "above 0 s"),
        ({"usual_seconds": 0.0}, "above 0 s"),
        ({"stay_seconds": -1.0}, "above 0 s"),
        ({"hidden_seconds": -1.0}, "above 0 s"),
        ({"unsure_seconds": 0.0}, "above 0 s"),
    ],
)
def test_settings_that_make_no_sense(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        EvidenceSettings(occupied_above=0.6, vacant_below=0.4, **wrong)


def test_a_spot_may_become_known_by_a_frame_that_says_nothing_of_it() -> None:
    """Its confidence is the average's then: there is no probability to be told."""
    spot = one(UNKNOWN)
    assert not any(spot.observe((0.74,), at * SECOND) for at in range(10))
    (change,) = spot.observe((math.nan,), 12 * SECOND)
    assert change.occupancy is OCCUPIED
    assert 0.6 <= change.confidence / CONFIDENCE_SCALE < 0.74
