"""From a frame and its regions to one strip of rectified patches (numpy and OpenCV only).

Training, evaluation, the camera node and the processor all cut through here, and the geometry
(`PatchSpec`) travels inside the model file: there is no second copy of the preprocessing.

Coordinates are continuous: pixel ``i`` covers ``[i, i + 1)``, so its centre lies at ``i + 0.5``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.corners import corners_in_pixels

Image = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

MAX_REMAP_SIDE: Final = 32_766
"""OpenCV's remap refuses pictures whose side does not fit a signed 16-bit number."""

REDUCTIONS: Final = (1, 2, 4, 8)
"""By how much a picture may be made smaller before it is cut: what JPEG decoders can."""

_MAX_LEVEL: Final = 4
_LOOKS_AT_A_TIME: Final = 16


@dataclass(frozen=True, slots=True)
class PatchSpec:
    """Geometry of a patch: one or two looks at a spot, each square, the second below the first.

    The first look is the rectified spot. The second is an upright square of its wider surroundings,
    unwarped, in which everything outside the region is shown at half brightness: it tells a
    neighbour's body leaning into the picture of an empty spot from a car that stands on it.

    size: side of a look, pixels.
    margin: what the first look keeps on each side of the spot, as a share of the spot's own side.
    surroundings: side of the second look's square, as a multiple of the longer side of the upright
    box round the region; 0: there is no second look.
    """

    size: int
    margin: float
    surroundings: float = 0.0

    def __post_init__(self) -> None:
        if not 8 <= self.size <= 512:
            raise ValueError(f"patch size is {self.size}, must be 8 to 512 px")
        if not 0.0 <= self.margin <= 1.0:
            raise ValueError(f"patch margin is {self.margin}, must be 0 to 1 of the spot's side")
        if self.surroundings and not 1.0 <= self.surroundings <= 8.0:
            raise ValueError(f"patch surroundings are {self.surroundings}, must be 0 or 1 to 8")

    @property
    def looks(self) -> int:
        """How many looks a patch has."""
        return 2 if self.surroundings else 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns and channels of a patch."""
        return (self.size * self.looks, self.size, 3)


def patch_homography(corners: FloatArray, spec: PatchSpec) -> FloatArray:
    """The 3x3 homography from patch coordinates to picture coordinates, both continuous.

    corners: (4, 2), canonical, in picture pixels.
    """
    near = spec.size * spec.margin / (1.0 + 2.0 * spec.margin)
    far = spec.size - near
    square = np.array([[near, near], [far, near], [far, far], [near, far]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(square, corners.astype(np.float32))
    return np.asarray(matrix, dtype=np.float64)


def surroundings_homography(corners: FloatArray, spec: PatchSpec) -> FloatArray:
    """The homography from the second look's coordinates to picture coordinates, both continuous."""
    return np.asarray(_surroundings(corners[None], spec)[0])


def _surroundings(corners: FloatArray, spec: PatchSpec) -> FloatArray:
    """As `surroundings_homography`, of (N, 4, 2) corners: (N, 3, 3)."""
    low, high = corners.min(axis=1), corners.max(axis=1)
    steps = (high - low).max(axis=1) * spec.surroundings / spec.size
    found = np.zeros((len(corners), 3, 3))
    found[:, 0, 0] = found[:, 1, 1] = steps
    found[:, :2, 2] = (low + high) / 2.0 - steps[:, None] * spec.size / 2.0
    found[:, 2, 2] = 1.0
    return found


def outside_region(corners: FloatArray, spec: PatchSpec) -> Image:
    """(size, size, 1) uint8: 1 where the second look's pixel centre lies outside the region.

    To be used as a shift to the right: outside, brightness is halved.
    """
    return np.asarray(_outside_regions(corners[None], spec)[0])


def _outside_regions(corners: FloatArray, spec: PatchSpec) -> Image:
    """As `outside_region`, of (N, 4, 2) corners: (N, size, size, 1)."""
    homographies = _surroundings(corners, spec)
    centres = (np.arange(spec.size) + 0.5) * homographies[:, 0, 0, None]
    xs, ys = centres + homographies[:, 0, 2, None], centres + homographies[:, 1, 2, None]
    outside = np.zeros((len(corners), spec.size, spec.size), dtype=np.bool_)
    for first in range(4):
        a, b = corners[:, first], corners[:, (first + 1) % 4]
        run, rise = (b - a).T[..., None]
        # Left of any edge of the clockwise region is outside; each side's term is one-dimensional.
        down, across = run * (ys - a[:, 1, None]), rise * (xs - a[:, 0, None])
        outside |= (down[:, :, None] - across[:, None, :]) < 0.0
    return outside[..., None].astype(np.uint8)


def _homographies(corners: Sequence[FloatArray], spec: PatchSpec) -> FloatArray:
    """(looks, 3, 3): those of all looks of spots, in the order in which patches hold them."""
    looks = [[patch_homography(quad, spec) for quad in corners]]
    if spec.looks > 1 and corners:
        looks.append(list(_surroundings(np.array(corners), spec)))
    return np.reshape(np.array(looks).swapaxes(0, 1), (-1, 3, 3))


def _samples(
    homographies: FloatArray, xs: FloatArray, ys: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Picture coordinates of the points at `xs` (columns) and `ys` (rows) of each look.

    All are continuous; returns x and y, (looks, rows, columns) each.
    """
    terms = homographies[..., None]
    across, down = terms[:, :, 0] * xs, terms[:, :, 1] * ys + terms[:, :, 2]
    x, y, depth = (down[:, at, :, None] + across[:, at, None] for at in range(3))
    # Past the horizon the ray turns round; a tiny positive divisor sends the sample far out,
    # where it is clipped to the picture's border.
    np.maximum(depth, 1e-6, out=depth)
    return np.divide(x, depth, out=x), np.divide(y, depth, out=y)


def _steps(homographies: FloatArray, size: int) -> FloatArray:
    """How many picture pixels lie between a look's neighbouring samples, (looks,).

    The mean along the finer side. What is a straight line in a patch is one in the picture, so a
    row's steps add up to the way from its first sample to its last.
    """
    centres = _centres(size)
    ends = centres[[0, -1]]
    across = _lengths(_samples(homographies, ends, centres), axis=2)
    down = _lengths(_samples(homographies, centres, ends), axis=1)
    finer = np.minimum(across.mean(axis=1), down.mean(axis=1))
    return np.asarray(finer / (size - 1))


def _lengths(ends: tuple[FloatArray, FloatArray], *, axis: int) -> FloatArray:
    xs, ys = (np.diff(values, axis=axis).squeeze(axis) for values in ends)
    return np.asarray(np.hypot(xs, ys))


def _centres(size: int) -> FloatArray:
    return np.arange(size, dtype=np.float64) + 0.5


def _pyramid_levels(steps: FloatArray) -> Places:
    """How often to halve the picture before sampling a spot that is much larger than its patch.

    Bilinear sampling looks at two pixels a side and would alias beyond. A patch pixel two to four
    picture pixels wide was measured to lose nothing (models/README.md), so halving, which costs
    time on the whole picture, starts at four.
    """
    halvings = np.floor(np.log2(np.maximum(steps, 1e-9))) - 1
    return np.asarray(np.clip(halvings, 0, _MAX_LEVEL), dtype=np.intp)


def finest_step(
    polygons: Sequence[Sequence[Sequence[float]]], *, width: int, height: int, spec: PatchSpec
) -> float:
    """Return the least number of picture pixels between two samples of any look; 1 without one.

    A picture may be made smaller by this factor before it is cut, and nothing that a patch could
    show is lost. Arguments and errors as of PatchCutter.
    """
    corners = corners_in_pixels(polygons, width=width, height=height)
    if not corners:
        return 1.0
    return float(_steps(_homographies(corners, spec), spec.size).min())


def reduction(
    polygons: Sequence[Sequence[Sequence[float]]], *, width: int, height: int, spec: PatchSpec
) -> int:
    """Return the largest of REDUCTIONS that loses nothing; arguments and errors as of PatchCutter.

    Cutting from the smaller picture loses noise instead: bilinear sampling looks at four pixels,
    however many lie between it and the next sample.
    """
    step = finest_step(polygons, width=width, height=height, spec=spec)
    return max(factor for factor in REDUCTIONS if factor <= max(1.0, step))


class Shade:
    """Halves the brightness of second looks outside their regions; first looks stay as they are.

    Sent pictures are shaded by whoever classifies: the sharp edge of the shade costs an encoder
    bits, and halved brightness is quantised twice as coarsely.
    """

    def __init__(
        self,
        polygons: Sequence[Sequence[Sequence[float]]],
        *,
        width: int,
        height: int,
        spec: PatchSpec,
    ) -> None:
        """As PatchCutter, and raises as it does; holds three bytes a pixel of the second looks."""
        self.width = width
        self.height = height
        self._inside: Image | None = None
        if spec.looks > 1 and polygons:
            corners = corners_in_pixels(polygons, width=width, height=height)
            inside = _outside_regions(np.array(corners), spec) - np.uint8(1)  # 255, outside 0
            # A byte for each channel and a row for each look: masks are quick by long runs only.
            self._inside = np.repeat(inside, 3, axis=-1).reshape(len(inside), -1)

    def apply(self, patches: Image, places: Sequence[int] | Places | None = None) -> None:
        """Shade (N, *spec.shape) patches in place; `places`, in any order, says whose they are.

        None: all, as they stand. Raises ValueError for patches that do not lie one after the other
        in memory.
        """
        if self._inside is None or not len(patches):
            return
        if not patches.flags.c_contiguous:
            raise ValueError("patches to be shaded must lie one after the other in memory")
        second = patches.reshape(len(patches), -1)[:, self._inside.shape[1] :]
        whose = slice(None) if places is None else np.asarray(places, dtype=np.intp)
        # A division, for numpy shifts bytes one after the other. Inside, where all bits are set in
        # the half, the pixel itself is the less of the two.
        half = np.floor_divide(second, 2)
        cv2.min(second, np.bitwise_or(half, self._inside[whose], out=half), dst=second)


@dataclass(frozen=True, slots=True)
class _Run:
    """Looks cut by one remap from one level of the picture's pyramid.

    looks: their places; a slice where they are evenly spaced, so that remap writes to them at once.
    Maps have as many samples a row as `_samples_a_row` says.
    """

    level: int
    looks: slice | Places
    coordinates: npt.NDArray[np.int16]
    fractions: npt.NDArray[np.uint16]


def _samples_a_row(size: int) -> int:
    """How wide the maps of looks are: a look a row, for remap takes a fifth longer by rows of 32.

    Looks too large for that have rows of their own.
    """
    return size * size if size * size <= MAX_REMAP_SIDE else size


def _evenly(places: Places) -> slice | Places:
    """Rising places as a slice if they are evenly spaced."""
    step = int(places[1] - places[0]) if len(places) > 1 else 1
    if (np.diff(places) == step).all():
        return slice(int(places[0]), int(places[-1]) + 1, step)
    return places


class PatchCutter:
    """Cuts all spots of one camera's frames: maps are computed once, then one remap a frame.

    Looks that are cut from different pyramid levels, or more rows than OpenCV's remap accepts,
    split the work into several remaps.
    """

    def __init__(
        self,
        polygons: Sequence[Sequence[Sequence[float]]],
        *,
        width: int,
        height: int,
        spec: PatchSpec,
    ) -> None:
        """polygons: four corners each, normalised to 0..1 of the picture's width and height.

        width, height: of the frames, pixels. Raises ValueError for a polygon that is not a convex
        quadrilateral, naming its index, and for a picture too large for remap.
        """
        if not (0 < width <= MAX_REMAP_SIDE and 0 < height <= MAX_REMAP_SIDE):
            raise ValueError(f"frame size {width}x{height} must be 1 to {MAX_REMAP_SIDE} px a side")
        self.spec = spec
        self.width = width
        self.height = height
        self.count = len(polygons)
        corners = corners_in_pixels(polygons, width=width, height=height)
        self.shade = Shade(polygons, width=width, height=height, spec=spec)
        self._runs = tuple(self._make_runs(_homographies(corners, spec))) if corners else ()
        self._levels = max((run.level for run in self._runs), default=0) + 1

    def _make_runs(self, homographies: FloatArray) -> Iterable[_Run]:
        size = self.spec.size
        longest = MAX_REMAP_SIDE * _samples_a_row(size) // (size * size)
        levels = _pyramid_levels(_steps(homographies, size))
        for level in np.unique(levels):
            members = np.flatnonzero(levels == level)
            for first in range(0, len(members), longest):
                places = members[first : first + longest]
                yield self._make_run(int(level), places, homographies[places])

    def _make_run(self, level: int, places: Places, homographies: FloatArray) -> _Run:
        size, width = self.spec.size, _samples_a_row(self.spec.size)
        rows_a_look = size * size // width
        coordinates = np.empty((len(places) * rows_a_look, width, 2), np.int16)
        fractions = np.empty((len(places) * rows_a_look, width), np.uint16)
        # A few looks at a time, so that all that is reckoned with stays in the processor's cache.
        for first in range(0, len(places), _LOOKS_AT_A_TIME):
            some = homographies[first : first + _LOOKS_AT_A_TIME]
            rows = slice(first * rows_a_look, (first + len(some)) * rows_a_look)
            xs, ys = _samples(some, _centres(size), _centres(size))
            coordinates[rows], fractions[rows] = cv2.convertMaps(
                self._on_level(xs, level, self.width).reshape(-1, width),
                self._on_level(ys, level, self.height).reshape(-1, width),
                cv2.CV_16SC2,
            )
        looks = _evenly(places) if rows_a_look == 1 else places
        return _Run(level, looks, coordinates, fractions)

    def _on_level(self, values: FloatArray, level: int, side: int) -> npt.NDArray[np.float32]:
        """Continuous coordinates of the picture as OpenCV's on one level of its pyramid."""
        shifted = values / (1 << level) - 0.5
        # Clipping keeps far-out samples inside int16; one pixel outside already means the border.
        np.clip(shifted, -1.0, side, out=shifted)
        return shifted.astype(np.float32)

    def cut(self, frame: Image) -> Image:
        """(H, W, 3) uint8 BGR -> (N, *spec.shape) uint8 BGR, a view of one tall strip.

        Raises ValueError for a frame of another size or type than the cutter was made for.
        """
        patches = self.sample(frame)
        self.shade.apply(patches)
        return patches

    def sample(self, frame: Image) -> Image:
        """Cut as `cut` does, but leave the second looks unshaded: see Shade."""
        if frame.shape != (self.height, self.width, 3) or frame.dtype != np.uint8:
            raise ValueError(
                f"frame is {frame.dtype} {frame.shape},"
                f" the regions were made for uint8 ({self.height}, {self.width}, 3)"
            )
        samples, looks = self.spec.size**2, self.count * self.spec.looks
        cut = np.empty((looks, samples, 3), dtype=np.uint8)
        pyramid = self._pyramid(frame)
        for run in self._runs:
            strip = cv2.remap(
                pyramid[run.level],
                run.coordinates,
                run.fractions,
                cv2.INTER_LINEAR,
                dst=cut[run.looks] if isinstance(run.looks, slice) else None,
                borderMode=cv2.BORDER_REPLICATE,
            )
            if not isinstance(run.looks, slice):
                cut[run.looks] = strip.reshape(-1, samples, 3)
        return cut.reshape(self.count, *self.spec.shape)

    def _pyramid(self, frame: Image) -> list[Image]:
        levels = [frame]
        for _ in range(1, self._levels):
            above = levels[-1]
            half = (max(1, above.shape[1] // 2), max(1, above.shape[0] // 2))
            small = cv2.resize(above, half, interpolation=cv2.INTER_AREA)
            levels.append(np.asarray(small, dtype=np.uint8))
        return levels
