"""From observations to detections: a spot changes when N observations agree, never on one.

Pure: time is an argument (the frame's own, so that a replay decides as the live run did).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from central.ledger.records import CONFIDENCE_SCALE, Detection, Occupancy


class Observation(Enum):
    """What one frame says of one spot."""

    OCCUPIED = "occupied"
    VACANT = "vacant"
    UNSURE = "unsure"


_OCCUPANCY = {
    Observation.OCCUPIED: Occupancy.OCCUPIED,
    Observation.VACANT: Occupancy.VACANT,
}


@dataclass(frozen=True)
class DebounceSettings:
    """When a spot is believed to have changed.

    Two thresholds (hysteresis): a score between them is unsure. Entering and leaving have counts
    of their own. A run of unsure observations makes a spot unknown once it is
    `unsure_observations` long or, with two or more, lasts `unsure_seconds`.
    """

    occupied_above: float  # probability of occupied at and above which a spot is seen occupied
    vacant_below: float  # probability of occupied at and below which a spot is seen vacant
    enter_observations: int = 3  # agreeing observations that make a spot occupied
    leave_observations: int = 3  # agreeing observations that make a spot vacant
    unsure_observations: int = 10  # unsure observations in a row that make a spot unknown
    unsure_seconds: float = 60.0  # or this long a run of them

    def __post_init__(self) -> None:
        if not 0.0 <= self.vacant_below < self.occupied_above <= 1.0:
            raise ValueError(
                f"thresholds are {self.vacant_below} (vacant below) and {self.occupied_above} "
                "(occupied above): both must lie in 0..1, the first under the second"
            )
        counts = (self.enter_observations, self.leave_observations, self.unsure_observations)
        if min(counts) < 1 or self.unsure_seconds <= 0:
            raise ValueError("debounce counts must be at least 1 and times above 0")

    def observe(self, probability: float) -> Observation:
        """Return what a probability of occupied says; not-a-number says nothing."""
        if probability >= self.occupied_above:
            return Observation.OCCUPIED
        if probability <= self.vacant_below:
            return Observation.VACANT
        return Observation.UNSURE

    def needed(self, observation: Observation) -> int:
        """Return how many agreeing observations a change to that state takes."""
        if observation is Observation.OCCUPIED:
            return self.enter_observations
        return self.leave_observations


def quantise(confidence: float) -> int:
    """Return a confidence in [0, 1] as whole ten-thousandths: no replica computes with floats."""
    return min(CONFIDENCE_SCALE, max(0, round(confidence * CONFIDENCE_SCALE)))


class SpotDebouncer:
    """One spot in one camera's view.

    Invariants: `_run` counts the agreeing observations since the last contrary one (unsure ones
    between them neither count nor break); `_unsure_run` counts unsure ones since the last sure one.
    """

    __slots__ = (
        "_run",
        "_run_of",
        "_run_sum",
        "_settings",
        "_unsure_run",
        "_unsure_since_us",
        "occupancy",
    )

    def __init__(self, settings: DebounceSettings, occupancy: Occupancy) -> None:
        self._settings = settings
        self.restart(occupancy)

    def restart(self, occupancy: Occupancy) -> None:
        """Believe `occupancy` and forget all evidence."""
        self.occupancy = occupancy
        self._run_of = Observation.UNSURE
        self._run = 0
        self._run_sum = 0.0
        self._unsure_run = 0
        self._unsure_since_us = 0

    def observe(self, probability: float, at_us: int) -> tuple[Occupancy, int] | None:
        """Take one frame's probability of occupied; return (occupancy, confidence) on a change.

        at_us: when the frame was captured, microseconds.
        """
        observation = self._settings.observe(probability)
        if observation is Observation.UNSURE:
            return self._unsure(at_us)
        self._unsure_run = 0
        if observation is not self._run_of:
            self._run_of, self._run, self._run_sum = observation, 0, 0.0
        occupancy = _OCCUPANCY[observation]
        if occupancy is self.occupancy:
            return None  # the run's only use was to have broken a contrary one
        self._run += 1
        self._run_sum += probability
        if self._run < self._settings.needed(observation):
            return None
        mean = self._run_sum / self._run
        self.restart(occupancy)
        return occupancy, quantise(mean if occupancy is Occupancy.OCCUPIED else 1.0 - mean)

    def _unsure(self, at_us: int) -> tuple[Occupancy, int] | None:
        if self._unsure_run == 0:
            self._unsure_since_us = at_us
        self._unsure_run += 1
        if self.occupancy is Occupancy.UNKNOWN:
            return None
        lasted_us = at_us - self._unsure_since_us
        if (
            self._unsure_run < self._settings.unsure_observations
            and lasted_us < self._settings.unsure_seconds * 1e6
        ):
            return None
        self.restart(Occupancy.UNKNOWN)
        return Occupancy.UNKNOWN, 0


class Debouncer:
    """All spots of one camera's view, beginning with what the ledger holds."""

    def __init__(
        self,
        settings: DebounceSettings,
        spot_ids: Sequence[str],
        occupancies: Mapping[str, Occupancy],
    ) -> None:
        """occupancies: the ledger's; a spot that is missing there is unknown."""
        self._spots = {
            spot_id: SpotDebouncer(settings, occupancies.get(spot_id, Occupancy.UNKNOWN))
            for spot_id in spot_ids
        }

    def observe(self, probabilities: Sequence[float], at_us: int) -> tuple[Detection, ...]:
        """Take one frame: probabilities of occupied in the order of `spot_ids`, shape (N,).

        Raises ValueError if there is not one for each spot.
        """
        changes = []
        for (spot_id, spot), probability in zip(self._spots.items(), probabilities, strict=True):
            change = spot.observe(probability, at_us)
            if change is not None:
                changes.append(Detection(spot_id, *change))
        return tuple(changes)

    def blind(self) -> tuple[Detection, ...]:
        """Nothing can be seen any more: all spots are unknown; return those that were not."""
        changes = []
        for spot_id, spot in self._spots.items():
            if spot.occupancy is not Occupancy.UNKNOWN:
                changes.append(Detection(spot_id, Occupancy.UNKNOWN, 0))
            spot.restart(Occupancy.UNKNOWN)
        return tuple(changes)

    def restart(self, spot_id: str, occupancy: Occupancy) -> None:
        """Begin again with one spot: the ledger holds `occupancy`, whatever was believed."""
        self._spots[spot_id].restart(occupancy)

    def occupancies(self) -> dict[str, Occupancy]:
        """Return what is believed, by spot id."""
        return {spot_id: spot.occupancy for spot_id, spot in self._spots.items()}
