"""Spots at the picture's edge: what is cut there when the edge runs through a spot or close by it.

A camera's picture ends somewhere, often in a row of spots. What a patch shows beyond repeats the
last row or column of pixels (`models.patches`): streaks that no other patch shows.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from models.corners import canonical_corners
from models.corpus import Samples, frames_by_part
from models.datasets import LabelledFrame
from models.patches import FloatArray, Image, PatchCutter, PatchSpec
from models.splits import Part

_SIDES: Final = ((1, 1), (0, -1), (0, 1), (1, -1))
_OFTEN: Final = (0.4, 0.25, 0.25, 0.1)
"""Bottom, left, right and top: the axis across the edge and which way is out; how often each is."""

_CUT: Final = 0.4
"""The edge cuts at most this share off the region's box, or leaves at most as much beside it."""

_PUSHED, _FARTHEST = 0.5, 0.5
"""How often a region that the edge would cut is drawn beside the edge instead, as wide as ever, and
the greatest share of its box by which it stands too far in then."""

_ANOTHERS: Final = 0.15
"""A region is not drawn where it would show more than this of another spot's vehicle."""


def load_edges(data: Path, parts: Sequence[Part], spec: PatchSpec, *, seed: int) -> list[Samples]:
    """All spots of labelled frames of some parts, each as if the picture ended at it.

    CNRPark's ready-cut pictures end at their spots as they are.
    """
    samples = []
    for source in ("acpds", "cnrext", "pklot"):
        for number, (part, frame) in enumerate(frames_by_part(data, source)):
            if part in parts and frame.spots:
                rng = np.random.default_rng([seed, *source.encode(), number])
                states = np.array([spot.occupied for spot in frame.spots], np.bool_)
                cut = cut_at_edges(frame, spec, rng)
                samples.append(Samples(source, part, cut, states, np.zeros_like(states)))
    return samples


def cut_at_edges(frame: LabelledFrame, spec: PatchSpec, rng: np.random.Generator) -> Image:
    """(N, *spec.shape) patches of a frame's N > 0 spots, each as if the picture ended at it."""
    picture = frame.pixels()
    size = np.array([frame.width, frame.height], np.float64)
    regions = [canonical_corners(np.array(spot.polygon) * size) for spot in frame.spots]
    cut = []
    for number, region in enumerate(regions):
        cars = [
            other
            for at, (other, spot) in enumerate(zip(regions, frame.spots, strict=True))
            if spot.occupied and at != number
        ]
        cut.append(_cut(*ended(picture, region, cars, rng), spec))
    return np.concatenate(cut)


def ended(
    picture: Image, region: FloatArray, cars: Sequence[FloatArray], rng: np.random.Generator
) -> tuple[Image, FloatArray]:
    """The picture up to an edge at or in a region, and the region as it is drawn then.

    region: (4, 2) canonical corners in pixels; cars: the regions of other spots that are occupied.
    """
    axis, out = _SIDES[int(rng.choice(len(_SIDES), p=_OFTEN))]
    low, high = region.min(axis=0)[axis], region.max(axis=0)[axis]
    pushed = bool(rng.random() < _PUSHED)
    share = float(rng.uniform(0.0, _FARTHEST) if pushed else rng.uniform(-_CUT, _CUT))
    line = round(float((high if out > 0 else low) - out * share * (high - low)))
    if not 0 < line < (picture.shape[1], picture.shape[0])[axis]:
        return picture, region
    left = beside(region, axis, out, line) if pushed else None
    if left is None or any(covered(car, left, region) > _ANOTHERS for car in cars):
        left = shortened(region, axis, out, line)
    if left is None:
        return picture, region
    if out > 0:
        return (picture[:, :line] if axis == 0 else picture[:line]), left
    left[:, axis] -= line
    return (picture[:, line:] if axis == 0 else picture[line:]), left


def beside(region: FloatArray, axis: int, out: int, line: float) -> FloatArray:
    """The region moved inwards until it ends at a line."""
    moved = region.copy()
    moved[:, axis] += line - (region.max(axis=0)[axis] if out > 0 else region.min(axis=0)[axis])
    return moved


def covered(car: FloatArray, moved: FloatArray, region: FloatArray) -> float:
    """How much more of the box round a car's region a moved region's box covers than it did."""
    return _overlap(car, moved) - _overlap(car, region)


def _overlap(car: FloatArray, region: FloatArray) -> float:
    """The share of the box round a car's region that the other region's box covers."""
    low = np.maximum(car.min(axis=0), region.min(axis=0))
    high = np.minimum(car.max(axis=0), region.max(axis=0))
    return float(np.prod(np.maximum(high - low, 0.0)) / np.prod(np.ptp(car, axis=0)))


def shortened(region: FloatArray, axis: int, out: int, line: float) -> FloatArray | None:
    """What is left of a region on the inner side of a line, as a person would draw it: (4, 2).

    Of two corners beyond, each moves along its own side of the region; one alone moves straight to
    the line. None where more lie beyond, or what is left is no convex quadrilateral.
    """
    beyond = (region[:, axis] - line) * out > 0.0
    moved = region.copy()
    for corner in np.flatnonzero(beyond):
        along = [n for n in ((corner - 1) % 4, (corner + 1) % 4) if not beyond[n]]
        if len(along) == 1 and beyond.sum() == 2:
            near, far = region[along[0]], region[corner]
            moved[corner] = near + (far - near) * (line - near[axis]) / (far[axis] - near[axis])
        elif beyond.sum() > 1:
            return None
        moved[corner, axis] = line
    try:
        return canonical_corners(moved)
    except ValueError:
        return None


def _cut(picture: Image, region: FloatArray, spec: PatchSpec) -> Image:
    height, width = picture.shape[:2]
    cutter = PatchCutter(
        [(region / (width, height)).tolist()], width=width, height=height, spec=spec
    )
    return cutter.cut(np.ascontiguousarray(picture))
