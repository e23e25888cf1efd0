"""What a worker made of a frame, and what is last known of the regions that a strip leaves out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from central.processor.doubt import is_doubtful
from central.processor.looks import Looks

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Probabilities of occupied.

    places: whose they are among the view's spots, rising; None: of all of them, in their order.
    looks: what the next frame is compared with; None: as before. since: what this one was compared
    with. reused: how many of the
    probabilities are of an earlier frame that looked alike. differs: of a whole picture, whether
    anything in it looks other than in the last one.
    """

    probabilities: Sequence[float] | npt.NDArray[np.float32]
    places: tuple[int, ...] | None = None
    looks: Looks | None = None
    since: Looks | None = None
    reused: int = 0
    differs: bool = False

    @property
    def classified(self) -> int:
        """How many of the probabilities are new."""
        return len(self.probabilities) - self.reused

    def doubtful(self) -> tuple[int, ...]:
        """Return the places, rising, whose scores a finer picture could still turn."""
        found = np.flatnonzero(is_doubtful(np.asarray(self.probabilities))).tolist()
        return tuple(found if self.places is None else (self.places[at] for at in found))


class LastScores:
    """The newest score of each of a view's spots.

    A region that a strip leaves out looks as when it was last sent, so its last score stands; but
    not for ever: cameras send every region again and again (every 30 s unless told otherwise), and
    one that is older than `max_age_s` says nothing any more.
    """

    max_age_s = 180.0

    def __init__(self, spots: int) -> None:
        self._probabilities = np.full(spots, math.nan)
        self._at_us = np.zeros(spots, dtype=np.int64)

    def take(self, scores: Scores, at_us: int) -> Floats:
        """Take a frame's or strip's scores; return one for each spot, not-a-number: not known.

        at_us: when the picture was captured, microseconds.
        """
        places = scores.places
        if places is None or len(places) == len(self._probabilities):
            self._probabilities[:] = scores.probabilities
            self._at_us[:] = at_us
            return self._probabilities.copy()  # none is old
        where = list(places)
        self._probabilities[where] = scores.probabilities
        self._at_us[where] = at_us
        age_us = at_us - self._at_us
        return np.where(age_us <= self.max_age_s * 1e6, self._probabilities, math.nan)

    def oldest_us(self) -> int | None:
        """When the spot whose score is oldest was looked at; None before all were."""
        if np.isnan(self._probabilities).any():
            return None
        return int(self._at_us.min(initial=2**62))
