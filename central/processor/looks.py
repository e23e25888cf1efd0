"""What a camera's spots looked like when they were last classified: only what changed is again.

Pure, and immutable: a worker gets it with a frame and makes the next one, which counts once the
frame is observed. So a frame that fails, or is shed, changes nothing, and a recording replayed
gives the same scores.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from central.processor.classifier import Probabilities
from central.processor.doubt import is_doubtful
from models.patches import Places
from models.signatures import Flags, Signatures, differ

BRIGHTNESS = 32.0
"""Grey levels by which a patch's mean brightness may differ from when it was classified."""

MOST_REFRESH_S = 86_400

_NEVER = -(2**62)


@dataclass(frozen=True)
class ReuseSettings:
    """When a spot is classified again; one whose score is doubtful always is.

    threshold: grey levels (of 256) by which its patch must look other than when it was last
    classified (`differ`); what changes slowly adds up until it does. 0: everything always is.
    refresh_s: seconds after which it is in any case.
    """

    threshold: float = 3.0
    refresh_s: float = 30.0

    def __post_init__(self) -> None:
        if not (0.0 <= self.threshold <= 255.0 and 0.0 <= self.refresh_s <= MOST_REFRESH_S):
            raise ValueError(
                f"{self.threshold} grey levels and {self.refresh_s} s: 0 to 255 grey levels and "
                f"0 to {MOST_REFRESH_S} s are needed"
            )


EVERYTHING = ReuseSettings(threshold=0.0)
"""Every spot of every frame is classified."""


@dataclass(frozen=True, slots=True)
class Looks:
    """The spots of one view, N, as they were last classified. Arrays are never written to.

    last: the signatures of all spots in the last whole picture, to know one that stands still.
    """

    settings: ReuseSettings
    classified: Signatures  # (N, cells); cells is 0 before anything was
    probabilities: Probabilities  # (N,)
    at_us: npt.NDArray[np.int64]  # (N,), of capture; the first time earlier, spread over refresh_s
    last: Signatures | None = None

    @classmethod
    def begin(cls, settings: ReuseSettings, spots: int) -> Self | None:
        """Return what is known before the first frame; None if nothing is to be remembered."""
        if settings.threshold <= 0.0:
            return None
        return cls(
            settings,
            np.empty((spots, 0), np.uint8),
            np.zeros(spots, np.float32),
            np.full(spots, _NEVER, np.int64),
        )

    def due(self, now: Signatures, whose: Places, at_us: int) -> Flags:
        """Return which of these spots' looks have to be classified.

        now: a signature for each of `whose`. at_us: when they were captured, microseconds.
        """
        if now.shape[1] != self.classified.shape[1]:
            return np.ones(len(whose), np.bool_)
        age_us = at_us - self.at_us
        due = is_doubtful(self.probabilities)
        due |= (age_us < 0) | (age_us >= self.settings.refresh_s * 1e6)  # below 0: a clock was set
        return due[whose] | differ(
            now,
            self.classified[whose],
            threshold=self.settings.threshold,
            brightness=BRIGHTNESS,
        )

    def with_classified(
        self, now: Signatures, whose: Places, probabilities: Probabilities, at_us: int
    ) -> Self:
        """Return what is known once these spots were classified."""
        shape = (len(self.classified), now.shape[1])
        looks = (
            self.classified.copy() if self.classified.shape == shape else np.zeros(shape, np.uint8)
        )
        scores, times_us = self.probabilities.copy(), self.at_us.copy()
        looks[whose], scores[whose] = now, probabilities
        # What is classified first, all at once, is due again one after the other.
        refresh_us = round(self.settings.refresh_s * 1e6)
        earlier_us = whose * refresh_us // len(scores) * (times_us[whose] == _NEVER)
        times_us[whose] = at_us - earlier_us
        return replace(self, classified=looks, probabilities=scores, at_us=times_us)
