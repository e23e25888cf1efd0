"""From observations to detections: evidence is accumulated over time, and a spot changes on enough.

Pure: time is an argument (the frame's own, so that a replay decides as the live run did).

A recursive Bayesian filter with exponential forgetting, one a spot: neighbouring frames show nearly
the same picture, so their log-odds must not simply add up as independent ones would (a standing
shadow would convince anybody in a minute). Each frame's evidence, limited, is averaged over some
seconds instead; how much a frame weighs depends on the time that it stands for, not on the frame
rate. What is believed changes when the average is sure enough of the contrary.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from central.ledger.records import CONFIDENCE_SCALE, Detection, Occupancy
from central.processor.arrivals import Arrivals, ArrivalSettings
from central.processor.explained import Explained, ExplainedSettings, Flags, States

MOST_PER_FRAME = 0.6
"""The greatest share of the average that one frame may take, however long nothing was seen. It is
less where confidences are low: what is clearly believed never changes on one frame."""
SHORT_OF_GOAL = 0.99
"""Of the way to a change that one frame may go."""
RECENT_S = 1.0
"""Time constant of what a spot has looked like just now."""
FIRST_GAP_S = 1.0
"""How long the very first frame stands for: nobody knows what was before."""

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]

_NONE = -1
_OCCUPIED, _VACANT = int(Occupancy.OCCUPIED), int(Occupancy.VACANT)
_UNKNOWN = int(Occupancy.UNKNOWN)


@dataclass(frozen=True)
class EvidenceSettings:
    """When a spot is believed to have changed. Entering is to become occupied, leaving vacant.

    Clear evidence is a frame at or beyond `frame_limit`. An average between the two thresholds
    (hysteresis) is unsure: after `unsure_seconds` of that a spot is unknown, unless the average
    still bears out what is believed, with `keep_confidence`. An average beyond the threshold of
    the contrary that lacks the confidence to change is outweighed by what is believed; where
    nothing is, `settle_seconds` of it will do, with `settle_confidence`: what was unsure must not
    become known by the least step beyond a threshold. What was usually clearly vacant and was seen
    to rise to `seen_confidence` becomes occupied if it stays up for `seen_seconds`. A leave that
    one picture alone bears out, as it stands still, needs `stay_confidence`: what hides a car makes
    its spot look vacant, and one look is one look however long it lasts.
    """

    occupied_above: float  # probability of occupied: an average below it is no sign of a car
    vacant_below: float  # probability of occupied: an average above it is no sign of none
    enter_seconds: float = 4.0  # of clear evidence that make a vacant spot occupied
    leave_seconds: float = 4.0  # of clear evidence that make an occupied spot vacant
    enter_confidence: float = 0.76  # probability of occupied that the average must reach
    leave_confidence: float = 0.76  # probability of vacant that the average must reach
    frame_limit: float = 0.97  # probability beyond which no single frame is believed
    unsure_seconds: float = 120.0  # between the thresholds, after which a spot is unknown
    keep_confidence: float = 0.55  # of what is believed, that an unsure average must have
    settle_seconds: float = 30.0  # beyond a threshold, after which an unknown spot is known
    settle_confidence: float = 0.75  # that the average must have reached then
    own_confidence: float = 0.96  # of a change that begins with a neighbour's, to be its own
    together_seconds: float = 10.0  # within which two neighbours' changes begin together
    hidden_seconds: float = 3600.0  # for which a spot whose change is explained keeps its state
    usual_seconds: float = 120.0  # time constant of what a spot usually looks like
    usual_confidence: float = 0.95  # of vacant, that it must have had where a car is seen to come
    seen_confidence: float = 0.3  # of occupied, that the last second's must keep from then on
    seen_seconds: float = 10.0  # for which it must
    stay_seconds: float = 60.0  # after an arrival, in which a leave needs more confidence
    stay_confidence: float = 0.93  # of vacant, that it must reach then, or in a picture that stands

    def __post_init__(self) -> None:
        if not 0.0 < self.vacant_below < self.occupied_above < 1.0:
            raise ValueError(
                f"thresholds are {self.vacant_below} (vacant below) and {self.occupied_above} "
                "(occupied above): both must lie between 0 and 1, the first under the second"
            )
        for name, confidence in (
            ("enter", self.enter_confidence),
            ("leave", self.leave_confidence),
            ("own", self.own_confidence),
            ("settle", self.settle_confidence),
            ("keep", self.keep_confidence),
            ("usual", self.usual_confidence),
            ("stay", self.stay_confidence),
        ):
            if not 0.5 <= confidence < self.frame_limit < 1.0:
                raise ValueError(
                    f"{name} confidence is {confidence}: it must be at least 0.5 and below the "
                    f"frame limit, {self.frame_limit}"
                )
        if not 1.0 - self.usual_confidence < self.seen_confidence < 1.0:
            raise ValueError(
                f"seen confidence is {self.seen_confidence}: it must be below 1 and above what is "
                f"usual of vacant spots, {1.0 - self.usual_confidence:g}"
            )
        if self.enter_confidence < self.occupied_above or (
            1.0 - self.leave_confidence > self.vacant_below
        ):
            raise ValueError(
                f"confidences are {self.enter_confidence} and {self.leave_confidence}, thresholds "
                f"{self.occupied_above} and {self.vacant_below}: what makes a spot occupied or "
                "vacant must lie beyond its threshold"
            )
        if min(*self._times) <= 0 or min(self.hidden_seconds, self.stay_seconds) < 0:
            raise ValueError("times of evidence must be above 0 s")

    @property
    def _times(self) -> tuple[float, ...]:
        return (
            *(self.enter_seconds, self.leave_seconds),
            *(self.unsure_seconds, self.settle_seconds, self.together_seconds),
            *(self.usual_seconds, self.seen_seconds),
        )

    @property
    def limit(self) -> float:
        """Log-odds beyond which no single frame is believed."""
        return logit(self.frame_limit)

    @property
    def explained(self) -> ExplainedSettings:
        """How changes are told from those that a neighbour explains."""
        return ExplainedSettings(
            sure=self.limit / 2,
            full=self.limit,
            clear=logit(max(self.own_confidence, self.enter_confidence, self.leave_confidence)),
            together_us=round(self.together_seconds * 1e6),
            hidden_us=round(self.hidden_seconds * 1e6),
        )

    @property
    def arrivals(self) -> ArrivalSettings:
        """What counts as a car that was seen to come, or has just come."""
        return ArrivalSettings(
            usual_s=self.usual_seconds,
            clear=-logit(self.usual_confidence),
            raised=logit(max(self.seen_confidence, 1.0 - self.leave_confidence)),
            raised_us=round(self.seen_seconds * 1e6),
            stays_us=round(self.stay_seconds * 1e6),
        )

    def memory_s(self, *, entering: bool) -> float:
        """Return the time constant of the average, in seconds, while evidence points one way.

        Clear evidence moves an average from one limit to the other's confidence in just the
        seconds that were asked for.
        """
        seconds = self.enter_seconds if entering else self.leave_seconds
        goal = logit(self.enter_confidence if entering else self.leave_confidence)
        return seconds / math.log(2 * self.limit / (self.limit - goal))

    def most_per_frame(self, *, entering: bool) -> float:
        """Return the greatest share of the average that one frame may take: see MOST_PER_FRAME.

        One frame at a limit moves an average that is at the other one, and changes nothing yet.
        """
        goal = logit(self.enter_confidence if entering else self.leave_confidence)
        return min(MOST_PER_FRAME, SHORT_OF_GOAL * (self.limit + goal) / (2 * self.limit))


def logit(probability: float) -> float:
    """Return log-odds of a probability in (0, 1)."""
    return math.log(probability / (1.0 - probability))


def quantise(confidence: float) -> int:
    """Return a confidence in [0, 1] as whole ten-thousandths: no replica computes with floats."""
    return min(CONFIDENCE_SCALE, max(0, round(confidence * CONFIDENCE_SCALE)))


class EvidenceFilter:
    """All spots of one camera's view, beginning with what the ledger holds.

    Invariants: |average| <= limit; `_leaning` is the side of the thresholds on which a spot's
    average lies (1 occupied, -1 vacant, 0 between them), `_leaning_us` since when.
    """

    def __init__(
        self,
        settings: EvidenceSettings,
        spot_ids: Sequence[str],
        occupancies: Mapping[str, Occupancy],
        *,
        near: Flags | None = None,
    ) -> None:
        """occupancies: the ledger's; a spot that is missing there is unknown.

        near: (N, N), whose vehicles may show in whose regions (`neighbours`); None: nobody's.
        """
        self._settings = settings
        self._spot_ids = tuple(spot_ids)
        self._places = {spot_id: place for place, spot_id in enumerate(spot_ids)}
        self._limit = settings.limit
        self._enter_memory = settings.memory_s(entering=True)
        self._leave_memory = settings.memory_s(entering=False)
        self._enter_at = logit(settings.enter_confidence)
        self._leave_at = -logit(settings.leave_confidence)
        self._stay_at = -logit(max(settings.leave_confidence, settings.stay_confidence))
        self._occupied_from = logit(settings.occupied_above)
        self._vacant_from = logit(settings.vacant_below)
        self._enter_most = settings.most_per_frame(entering=True)
        self._leave_most = settings.most_per_frame(entering=False)
        self._kept_from = logit(settings.keep_confidence)
        self._unsure_us = round(settings.unsure_seconds * 1e6)
        self._settle_us = round(settings.settle_seconds * 1e6)
        self._settle_at = logit(settings.settle_confidence)
        self._held = np.full(len(self._spot_ids), _UNKNOWN, np.int8)
        self._average: Floats = np.zeros(len(self._spot_ids))
        self._leaning = np.zeros(len(self._spot_ids), np.int8)
        self._leaning_us = np.full(len(self._spot_ids), _NONE, np.int64)
        self._last_us: int | None = None
        self._recent: Floats = np.zeros(len(self._spot_ids))
        self._seen = b""  # in the last frame, to the last bit
        self._explained = Explained(
            settings.explained,
            np.zeros((len(self._spot_ids),) * 2, np.bool_) if near is None else near,
        )
        self._arrivals = Arrivals(settings.arrivals, len(self._spot_ids))
        for spot_id in self._spot_ids:
            self.restart(spot_id, occupancies.get(spot_id, Occupancy.UNKNOWN))

    def observe(
        self, probabilities: Sequence[float] | Floats, at_us: int, *, compared: bool = False
    ) -> tuple[Detection, ...]:
        """Take one frame: probabilities of occupied in the order of `spot_ids`, shape (N,).

        at_us: when it was captured, microseconds. Not-a-number says nothing. compared: the camera
        itself compared the picture with its last, so that one in which nothing differs is as good
        a look as any; else it is taken for one that stands still. Raises ValueError if there is
        not one probability for each spot.
        """
        seen = np.asarray(probabilities, np.float64)
        if seen.shape != self._held.shape:
            raise ValueError(f"{seen.shape} probabilities for {len(self._spot_ids)} spots")
        bits = seen.tobytes()
        fresh, self._seen = compared or bits != self._seen, bits
        blank = np.isnan(seen)
        evidence = self._evidence(seen, blank)
        gap_s = self._gap_s(at_us)
        self._take(evidence, gap_s)
        share = min(MOST_PER_FRAME, -math.expm1(-gap_s / RECENT_S))
        self._recent += (evidence - self._recent) * share
        before = self._held.copy()
        watched = self._explained.look(at_us, fresh=fresh)
        came = self._arrivals.seen_to_come(
            before, self._recent, at_us, gap_s=gap_s, watched=watched, blank=blank
        )
        stays = self._arrivals.just_came(at_us) if fresh else before == _OCCUPIED
        leave_at = np.where(stays, self._stay_at, self._leave_at)
        leant_us = self._lean(at_us)
        settled = (before == _UNKNOWN) & (leant_us >= self._settle_us)
        settled &= np.abs(self._average) >= self._settle_at
        unsure = (leant_us >= self._unsure_us) & (self._leaning == 0)
        if unsure.any():  # few frames
            unsure &= ~self._is_kept(before)
        np.putmask(self._held, unsure, _UNKNOWN)
        entered = (self._average >= self._enter_at) | (settled & (self._leaning > 0)) | came
        np.putmask(self._held, entered, _OCCUPIED)
        left = (self._average <= leave_at) | (settled & (self._leaning < 0))
        np.putmask(self._held, left, _VACANT)
        self._explained.judge(before, self._held, self._average, at_us, recent=self._recent)
        changed = self._held != before
        if not changed.any():
            return ()
        self._arrivals.changed(before, self._held, at_us)
        return tuple(self._detection(int(at), float(seen[at])) for at in np.flatnonzero(changed))

    def _evidence(self, seen: Floats, blank: Flags) -> Floats:
        """Return the frame's log-odds, limited; nothing where it is blank."""
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = np.log(seen / (1.0 - seen))
        np.maximum(np.minimum(odds, self._limit, out=odds), -self._limit, out=odds)
        odds[blank] = 0.0
        return odds

    def _gap_s(self, at_us: int) -> float:
        """Return the seconds that a frame stands for; none after a clock was set back."""
        last_us, self._last_us = self._last_us, at_us
        return FIRST_GAP_S if last_us is None else max(0, at_us - last_us) / 1e6

    def _take(self, evidence: Floats, gap_s: float) -> None:
        enter = min(self._enter_most, -math.expm1(-gap_s / self._enter_memory))
        leave = min(self._leave_most, -math.expm1(-gap_s / self._leave_memory))
        step = evidence - self._average
        self._average += step * np.where(step > 0, enter, leave)

    def _lean(self, at_us: int) -> Times:
        """Return for how long each average has been on its side of the thresholds, microseconds."""
        side = (self._average >= self._occupied_from).astype(np.int8)
        side -= self._average <= self._vacant_from
        fresh = (side != self._leaning) | (self._leaning_us == _NONE) | (self._leaning_us > at_us)
        self._leaning = side
        self._leaning_us[fresh] = at_us
        return at_us - self._leaning_us

    def _is_kept(self, held: States) -> Flags:
        """Return of which spots the averages still say what is believed, if only just."""
        for_it = np.where(held == _OCCUPIED, self._average, -self._average)
        return np.asarray((for_it >= self._kept_from) & (held != _UNKNOWN))

    def _detection(self, place: int, probability: float) -> Detection:
        occupancy = Occupancy(int(self._held[place]))
        if occupancy is Occupancy.UNKNOWN:
            return Detection(self._spot_ids[place], occupancy, 0)
        if math.isnan(probability):  # it settled while nothing was seen of it
            probability = 1.0 / (1.0 + math.exp(-float(self._average[place])))
        said = probability if occupancy is Occupancy.OCCUPIED else 1.0 - probability
        return Detection(self._spot_ids[place], occupancy, quantise(said))

    def blind(self) -> tuple[Detection, ...]:
        """Nothing can be seen any more: all spots are unknown; return those that were not."""
        changed = np.flatnonzero(self._held != _UNKNOWN)
        self._held[:] = _UNKNOWN
        self._average[:] = self._recent[:] = 0.0
        self._leaning_us[:] = _NONE
        self._last_us = None  # the next frame does not stand for what was not seen
        for place in range(len(self._spot_ids)):
            self._explained.forget(place)
            self._arrivals.forget(place, 0.0)
        return tuple(Detection(self._spot_ids[at], Occupancy.UNKNOWN, 0) for at in changed)

    def restart(self, spot_id: str, occupancy: Occupancy) -> None:
        """Begin again with one spot: the ledger holds `occupancy`, whatever was believed."""
        place = self._places[spot_id]
        self._held[place] = int(occupancy)
        sure = {Occupancy.OCCUPIED: self._limit, Occupancy.VACANT: -self._limit}
        self._average[place] = self._recent[place] = sure.get(occupancy, 0.0)
        self._leaning_us[place] = _NONE
        self._explained.forget(place)
        self._arrivals.forget(place, float(self._average[place]))

    def occupancies(self) -> dict[str, Occupancy]:
        """Return what is believed, by spot id."""
        return {
            spot_id: Occupancy(int(held))
            for spot_id, held in zip(self._spot_ids, self._held, strict=True)
        }
