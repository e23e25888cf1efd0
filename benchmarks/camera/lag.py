"""How old frames are when they arrive, and on which part of their way they grew so old."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np

from benchmarks.pipeline.scene import regions
from protos import video_stream_pb2 as pb

STAGES = ("picture", "slot", "encode", "write")
"""The camera's own: converted after the grab, waiting to be taken in hand, encoded, written."""

_LINE = re.compile(r" sent sequence=(\d+) ms: " + " ".join(rf"{name}=([\d.]+)" for name in STAGES))


@dataclass(frozen=True)
class Spread:
    """Milliseconds."""

    p50: float
    p99: float
    worst: float


@dataclass(frozen=True)
class Lag:
    """Of so many frames: until they arrived, until they were sent, and by stage. worst_frame: the
    stages of the one that was sent last of all."""

    frames: int
    arrived: Spread
    sent: Spread
    stages: Mapping[str, Spread]
    worst_frame: Mapping[str, float]


def lag_of(ages_ms: Mapping[int, float], log: str, *, after: int) -> Lag:
    """Put together what the processor saw and what the camera logged of frames after `after`."""
    found = {int(line[1]): tuple(map(float, line.groups()[1:])) for line in _LINE.finditer(log)}
    numbers = sorted(number for number in ages_ms if number > after and number in found)
    if not numbers:
        nothing = Spread(np.inf, np.inf, np.inf)
        return Lag(0, nothing, nothing, {}, {})
    parts = np.array([found[number] for number in numbers])
    sums = parts.sum(axis=1)
    worst = parts[int(sums.argmax())]
    return Lag(
        frames=len(numbers),
        arrived=_spread(np.array([ages_ms[number] for number in numbers])),
        sent=_spread(sums),
        stages={name: _spread(parts[:, column]) for column, name in enumerate(STAGES)},
        worst_frame={name: float(value) for name, value in zip(STAGES, worst, strict=True)},
    )


def _spread(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Spread:
    p50, p99 = np.percentile(values, (50, 99))
    return Spread(float(p50), float(p99), float(values.max()))


def plan_of_hundred() -> pb.CutPlan:
    """Return a plan of the benchmark scene's hundred regions, in the shipped model's geometry."""
    return pb.CutPlan(
        plan_id=1,
        layout_version=1,
        geometry=pb.PatchGeometry(size=48, margin=0.2, surroundings=1.8),
        regions=[
            pb.PlannedRegion(corners_millionths=[*chain.from_iterable(region.corners)])
            for region in regions()
        ],
    )
