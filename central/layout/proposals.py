"""Where cars were seen to come and stand, or to leave, in a clip: regions to begin drawing from.

A parked car is a lasting step of the picture: the scene is settled before, settled after, and
differs. What drives past never settles, and slow light changes everywhere at once.
"""

from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from node.values import frozen

Picture = npt.NDArray[np.uint8]
Corners = tuple[tuple[float, float], ...]

WIDTH = 480
"""Pixels to which frames are brought: 20 pixels of a car are enough, and a clip fits memory."""
WINDOW = 6
"""Frames of which a settled picture is the median: fewer than half may show a passer-by."""
STEP = 22
"""Grey levels by which a step must differ; noise and shadows' edges lie below."""
STILL = 14
"""Grey levels by which a settled scene may differ from one window to the next."""
LEAST, MOST = 0.0006, 0.08
"""Shares of the picture that a car covers."""
SAME = 0.3
"""Overlap (intersection over union of boxes) above which two steps were on one spot."""

LIKE_OTHERS = (0.6, 1.9)
"""Sizes of a step against those of the others at its height."""
LEAST_FILL = 0.5
"""Share of its rectangle that a body fills; the seam of a shadow fills less."""


@frozen
class Proposal:
    """Four corners in shares of the picture's sides, in order round; seen: steps that lie there."""

    corners: Corners
    seen: int


def propose(frames: Iterable[Picture]) -> list[Proposal]:
    """Return regions where cars came to stand or left, those seen most often first.

    frames: (height, width, 3) BGR, two or so a second, all of one shape, of a camera that stands
    still; at least four windows of them (24) are needed for anything to be found.
    """
    rectangles = [
        step
        for number, window in enumerate(_quadruples(_settled(frames)))
        for step in _steps(number, *window)
    ]
    groups: list[list[_Step]] = []
    for step in sorted(rectangles, key=lambda one: -one.area):
        for group in groups:
            if _overlap(group[0].box, step.box) > SAME:
                group.append(step)
                break
        else:
            groups.append([step])
    best = [(max(group, key=lambda one: one.fill), _count(group)) for group in groups]
    sized = _of_one_size([step for step, _ in best])
    kept = [Proposal(step.corners, seen) for step, seen in best if step in sized]
    return sorted(kept, key=lambda proposal: -proposal.seen)


@frozen
class _Step:
    window: int
    corners: Corners
    box: tuple[float, float, float, float]  # left, top, right, bottom
    area: float  # of the changed pixels
    fill: float  # share of the rectangle that changed


def _count(group: "list[_Step]") -> int:
    """How many times it happened: one step is seen in neighbouring windows, too."""
    windows = {step.window for step in group}
    return sum(window - 1 not in windows for window in windows)


def _of_one_size(steps: list[_Step]) -> list[_Step]:
    """Leave out what is much smaller or larger than the others at its height in the picture.

    A camera over a plane sees a car in proportion to the distance from the horizon, so the root
    of the area is linear in y. The line is Theil and Sen's: shadows and slivers do not move it.
    """
    if len(steps) < 6:
        return steps
    points = [((step.box[1] + step.box[3]) / 2, step.area**0.5) for step in steps]
    slopes = [
        (b[1] - a[1]) / (b[0] - a[0])
        for i, a in enumerate(points)
        for b in points[i + 1 :]
        if abs(b[0] - a[0]) > 0.02
    ]
    slope = max(0.0, float(np.median(slopes))) if slopes else 0.0
    level = float(np.median([size - slope * y for y, size in points]))
    usual = [max(1.0, level + slope * y) for y, _ in points]
    return [
        step
        for step, (_, size), expected in zip(steps, points, usual, strict=True)
        if LIKE_OTHERS[0] < size / expected < LIKE_OTHERS[1]
    ]


def _settled(frames: Iterable[Picture]) -> Iterator[Picture]:
    window: list[Picture] = []
    for frame in frames:
        height, width = frame.shape[:2]
        size = (WIDTH, max(1, round(WIDTH * height / width)))
        window.append(cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(np.uint8))
        if len(window) == WINDOW:
            yield np.median(np.stack(window), axis=0).astype(np.uint8)
            window = []


def _quadruples(pictures: Iterable[Picture]) -> Iterator[tuple[Picture, Picture, Picture, Picture]]:
    """Two settled pictures before a step and two after; one window between them may show the car
    moving, so both neighbouring and next-but-one pictures are compared."""
    held: list[Picture] = []
    for picture in pictures:
        held = [*held[-4:], picture]
        if len(held) == 5:
            yield held[0], held[1], held[3], held[4]


def _difference(one: Picture, other: Picture) -> npt.NDArray[np.float32]:
    difference = one.astype(np.float32) - other.astype(np.float32)
    difference -= np.median(difference, axis=(0, 1))  # light that changed everywhere
    largest: npt.NDArray[np.float32] = np.abs(difference).max(axis=2)
    return largest


def _steps(
    number: int, before: Picture, last: Picture, first: Picture, after: Picture
) -> Iterator[_Step]:
    stepped = _difference(last, first) > STEP
    still = (_difference(before, last) < STILL) & (_difference(first, after) < STILL)
    mask = (stepped & still).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)).astype(np.uint8)
    height, width = mask.shape
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for outline in outlines:
        area = float(cv2.contourArea(outline))
        if not LEAST <= area / (height * width) <= MOST:
            continue
        rectangle = cv2.minAreaRect(outline)
        across, along = rectangle[1]
        if not across or not along or max(across, along) / min(across, along) > 5:
            continue  # an edge, not a body
        if area / (across * along) < LEAST_FILL:
            continue
        points = cv2.boxPoints(rectangle)
        shares = np.clip(points / (width, height), 0, 1)
        low, high = shares.min(axis=0), shares.max(axis=0)
        yield _Step(
            window=number,
            corners=tuple((float(x), float(y)) for x, y in shares),
            box=(float(low[0]), float(low[1]), float(high[0]), float(high[1])),
            area=area,
            fill=area / (across * along),
        )


def _overlap(one: Sequence[float], other: Sequence[float]) -> float:
    def area(box: Sequence[float]) -> float:
        return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])

    shared = area(
        (max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))
    )
    return shared / max(1e-12, area(one) + area(other) - shared)


def sampled(clip: str, *, every_s: float = 0.5, most: int = 1200) -> Iterator[Picture]:
    """Read a video file, one frame each so many seconds of its own time, at most so many.

    Raises ValueError if it cannot be read as a video.
    """
    video = cv2.VideoCapture(clip)
    try:
        rate = video.get(cv2.CAP_PROP_FPS)
        if not video.isOpened() or not 0 < rate < 1000:
            raise ValueError("it is no video that can be read")
        step = max(1, round(rate * every_s))
        number = given = 0
        while given < most and video.grab():
            if number % step == 0:
                got, frame = video.retrieve()
                if got:
                    given += 1
                    yield frame.astype(np.uint8)
            number += 1
    finally:
        video.release()
