"""What is made of the classifier's scores: our filter, and two that usual practice has.

A policy turns (T, N) probabilities into (T, N) states: what would be committed after each frame.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from benchmarks.day.scores import DayScores
from central.ledger.records import Occupancy
from central.processor.evidence import EvidenceFilter, EvidenceSettings

States = npt.NDArray[np.int8]
Policy = Callable[[DayScores], States]

OCCUPIED, VACANT, UNKNOWN = (np.int8(one) for one in Occupancy)
AGREEING = 3


def ours(settings: EvidenceSettings) -> Policy:
    """Return the processor's own filter as a policy; it begins with nothing known."""

    def policy(scores: DayScores) -> States:
        spots = EvidenceFilter(settings, scores.spot_ids, {}, near=scores.near)
        place = {spot_id: at for at, spot_id in enumerate(scores.spot_ids)}
        states = np.empty(scores.probabilities.shape, np.int8)
        now = np.full(len(scores.spot_ids), UNKNOWN)
        frames = zip(scores.probabilities, scores.times_us.tolist(), strict=True)
        for number, (probabilities, at_us) in enumerate(frames):
            for change in spots.observe(probabilities, at_us, compared=not scores.stills):
                now[place[change.spot_id]] = np.int8(change.occupancy)
            states[number] = now
        return states

    return policy


def threshold(scores: DayScores) -> States:
    """Threshold at 0.5, no memory."""
    return np.where(scores.probabilities >= 0.5, OCCUPIED, VACANT)


def three_in_a_row(scores: DayScores) -> States:
    """A spot changes when three frames in a row say so."""
    seen = threshold(scores)
    states = np.full(seen.shape, UNKNOWN)
    for number in range(len(seen)):
        if number:
            states[number] = states[number - 1]
        if number + 1 >= AGREEING:
            last = seen[number - AGREEING + 1 : number + 1]
            agree = (last == last[0]).all(axis=0)
            states[number][agree] = last[0][agree]
    return states
