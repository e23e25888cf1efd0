"""PURE: how often the ledger was wrong, by camera, from labels that people gave."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from central.ledger.records import Occupancy

Seen = Literal["occupied", "vacant", "cannot tell"]

Z_95 = 1.959963984540054
"""Standard normal quantile of 0.975: intervals hold the truth in 95 of 100 cases."""


@dataclass(frozen=True)
class Label:
    """What a person saw on a sample, and what the ledger had said of it."""

    camera_id: str
    spot_id: str
    captured_at_us: int
    said: Occupancy
    seen: Seen
    labelled_at_us: int


@dataclass(frozen=True)
class CameraTally:
    """One camera's figures. labelled: samples that a person could tell; unknown: of these, those
    for which the ledger said that it does not know, counted neither right nor wrong."""

    camera_id: str
    labelled: int
    unknown: int
    wrong: int
    untold: int  # samples on which people could not tell either

    @property
    def decided(self) -> int:
        """Samples for which both the ledger and the person decided."""
        return self.labelled - self.unknown

    @property
    def error_rate(self) -> float | None:
        """Share of wrong answers among those decided; None before there is one."""
        return self.wrong / self.decided if self.decided else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true error rate lies, with 95 % confidence."""
        return wilson(self.wrong, self.decided)


def wilson(wrong: int, n: int) -> tuple[float, float]:
    """Return the score interval of a share (Wilson, J. Am. Stat. Assoc. 22, 1927).

    It is sound for small n and for no mistakes at all, where the usual plus-minus says "0 to 0".
    """
    if n == 0:
        return 0.0, 1.0
    share, z2 = wrong / n, Z_95 * Z_95
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def tally(labels: Iterable[Label]) -> tuple[CameraTally, ...]:
    """Return each camera's figures, by camera id. A sample that was labelled again counts once, as
    it was labelled last."""
    latest = {(label.camera_id, label.spot_id, label.captured_at_us): label for label in labels}
    cameras = sorted({label.camera_id for label in latest.values()})
    return tuple(
        _of_camera(camera_id, [one for one in latest.values() if one.camera_id == camera_id])
        for camera_id in cameras
    )


def _of_camera(camera_id: str, labels: list[Label]) -> CameraTally:
    told = [label for label in labels if label.seen != "cannot tell"]
    decided = [label for label in told if label.said is not Occupancy.UNKNOWN]
    return CameraTally(
        camera_id=camera_id,
        labelled=len(told),
        unknown=len(told) - len(decided),
        wrong=sum(label.said.name.lower() != label.seen for label in decided),
        untold=len(labels) - len(told),
    )
