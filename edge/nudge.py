"""PURE: where a view has moved to since its reference was made.

Gradients, normalised by what is around them, are compared tile by tile: they are where the light
does not matter much. Each tile finds its own displacement by normalised correlation; cars that
came or went, shadows and people make single tiles err, each in its own way, and a robust fit
(RANSAC, Fischler & Bolles 1981) keeps those that agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edge.plan import Polygon
from edge.reference import Grey

Floats = npt.NDArray[np.float64]
Field = npt.NDArray[np.float32]
"""(height, width, 2): the gradient, normalised."""
Mask = npt.NDArray[np.bool_]

SCALE_WIDTH: Final = 1920
"""Shifts are told in pixels of a picture this wide, whatever the camera's."""

_TILE, _STEP = 48, 32
_SEARCHES = (12, 40)  # pixels of the small picture, 36 and 120 at SCALE_WIDTH; near first: cheaper
_MOST_TILES = 90
_LEAST_PEAK, _LEAST_LEAD = 0.35, 0.04
_AGREE_PX = 2.0


@dataclass(frozen=True)
class Movement:
    """How a picture lies over the view on which the regions are drawn.

    homography: 3x3, from fractions of that view to fractions of this picture. agreeing:
    tiles that say so, of `tiles` that were looked for. shift_px: how far the regions' corners
    moved (nine of ten of them at most so far), in pixels of a picture 1920 wide.
    """

    homography: Floats
    agreeing: int
    tiles: int
    shift_px: float


@dataclass(frozen=True)
class Tile:
    """One place of the reference that is worth looking for: its corner and its gradients."""

    left: int
    top: int
    field: Field


class Look:
    """One look of a reference, ready to be compared with."""

    def __init__(
        self,
        grey: Grey,
        *,
        regions: Sequence[Polygon] = (),
        masks: Sequence[Polygon] = (),
        from_view: Floats | None = None,
    ) -> None:
        """regions: where cars come and go; tiles outside are preferred. masks: no tile there.

        from_view: homography from fractions of the view on which the regions are drawn to
        fractions of this look; None: it is that view.
        """
        self.height, self.width = grey.shape
        self.from_view = np.eye(3) if from_view is None else from_view
        blind = ~_quiet(masks, grey.shape)
        self.tiles = _tiles(gradients(grey), _quiet(regions, grey.shape), blind)


def gradients(grey: Grey) -> Field:
    """Return a picture's gradient, divided by the mean strength of gradients around."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0).astype(np.float32)
    across = cv2.Scharr(smooth, cv2.CV_32F, 1, 0, scale=1 / 16)
    down = cv2.Scharr(smooth, cv2.CV_32F, 0, 1, scale=1 / 16)
    strength = cv2.magnitude(across, down)
    around = cv2.boxFilter(strength, -1, (41, 41)) + 1.5
    field = np.stack([across / around, down / around], axis=-1)
    return np.asarray(np.clip(field, -4.0, 4.0), dtype=np.float32)


def _quiet(regions: Sequence[Polygon], shape: tuple[int, ...]) -> Mask:
    """Where no car parks."""
    busy = np.zeros(shape, dtype=np.uint8)
    for region in regions:
        points = np.asarray(region) * (shape[1], shape[0])
        cv2.fillPoly(busy, [points.round().astype(np.int32)], (255,))
    return np.asarray(busy == 0)


def _tiles(field: Field, quiet: Mask, blind: Mask) -> tuple[Tile, ...]:
    height, width = field.shape[:2]
    found = []
    for top in range(0, height - _TILE + 1, _STEP):
        for left in range(0, width - _TILE + 1, _STEP):
            if blind[top : top + _TILE, left : left + _TILE].any():
                continue
            tile = field[top : top + _TILE, left : left + _TILE]
            calm = float(quiet[top : top + _TILE, left : left + _TILE].mean())
            found.append((_cornerness(tile) * (0.25 + calm), left, top, tile))
    found.sort(key=lambda entry: -entry[0])
    return tuple(
        Tile(left, top, tile) for worth, left, top, tile in found[:_MOST_TILES] if worth > 0.02
    )


def _cornerness(tile: Field) -> float:
    """Smaller eigenvalue of the structure tensor: how well a tile's place is fixed both ways."""
    across, down = tile[..., 0], tile[..., 1]
    tensor = np.array(
        [
            [(across * across).mean(), (across * down).mean()],
            [(across * down).mean(), (down**2).mean()],
        ]
    )
    return float(np.linalg.eigvalsh(tensor)[0])


def measure(look: Look, grey: Grey, *, regions: Sequence[Polygon]) -> Movement | None:
    """Return how `grey` lies over the look, None if that cannot be told.

    grey: as reference.small_grey makes it; another shape than the look's cannot be told.
    """
    if grey.shape != (look.height, look.width):
        return None
    field = gradients(grey)
    for search in _SEARCHES:
        pairs = [pair for tile in look.tiles if (pair := _find(tile, field, search)) is not None]
        if len(pairs) < _LEAST_AGREEING:
            continue
        source = np.array([pair[0] for pair in pairs])
        target = np.array([pair[1] for pair in pairs])
        matrix, agreeing = _fit(source, target)
        if _convincing(source[agreeing], len(pairs), look):
            return _movement(look, matrix, int(agreeing.sum()), regions)
    return None


def _movement(look: Look, matrix: Floats, agreeing: int, regions: Sequence[Polygon]) -> Movement:
    scale = np.diag([look.width, look.height, 1.0])
    homography = np.linalg.inv(scale) @ matrix @ scale @ look.from_view
    homography /= homography[2, 2]
    return Movement(
        homography=homography,
        agreeing=agreeing,
        tiles=len(look.tiles),
        shift_px=shift_px(homography, regions, aspect=look.width / look.height),
    )


_LEAST_AGREEING = 8
_LEAST_SHARE = 0.25  # of the tiles that found a place
_LEAST_SPREAD = 0.1  # of the picture's width and height, as a standard deviation


def _convincing(places: Floats, found: int, look: Look) -> bool:
    if len(places) < max(_LEAST_AGREEING, _LEAST_SHARE * found):
        return False
    spread = places.std(axis=0) / (look.width, look.height)
    return bool((spread > _LEAST_SPREAD).all())


def _find(tile: Tile, field: Field, search: int) -> tuple[Floats, Floats] | None:
    """Return a tile's centre and where it is now, None if it is nowhere or in two places."""
    height, width = field.shape[:2]
    left, top = max(0, tile.left - search), max(0, tile.top - search)
    right = min(width, tile.left + _TILE + search)
    bottom = min(height, tile.top + _TILE + search)
    window = np.ascontiguousarray(field[top:bottom, left:right])
    found = cv2.matchTemplate(window, tile.field, cv2.TM_CCORR_NORMED)
    likeness = np.asarray(found, dtype=np.float32)
    _, peak, _, (x, y) = cv2.minMaxLoc(likeness)
    if peak < _LEAST_PEAK:
        return None
    if not (0 < x < likeness.shape[1] - 1 and 0 < y < likeness.shape[0] - 1):
        return None  # the true peak may lie further out
    rivals = likeness.copy()
    rivals[max(0, y - 4) : y + 5, max(0, x - 4) : x + 5] = -1.0
    if peak - float(rivals.max()) < _LEAST_LEAD:
        return None
    moved = np.array([x + _vertex(likeness[y], x), y + _vertex(likeness[:, x], y)])
    centre = np.array([tile.left, tile.top]) + _TILE / 2.0
    return centre, moved + (left, top) + _TILE / 2.0


def _vertex(line: npt.NDArray[np.float32], at: int) -> float:
    """Offset of a peak between samples, by the parabola through it and its neighbours."""
    if not 0 < at < len(line) - 1:
        return 0.0
    before, peak, after = (float(value) for value in line[at - 1 : at + 2])
    bend = before - 2.0 * peak + after
    return 0.0 if bend >= 0.0 else 0.5 * (before - after) / bend


def _fit(source: Floats, target: Floats) -> tuple[Floats, Mask]:
    """Return the movement in pixels, 3x3, and which pairs agree on it.

    The simplest that the evidence bears: few pairs tell a shift, more a turn and zoom, too, many a
    homography if clearly more of them agree on it. More numbers fit anything a little better,
    and then run wild at the corners.
    """
    best = _shift(source, target)
    turned = _similarity(source, target)
    if turned is not None and turned[1].sum() >= max(_ENOUGH_TO_TURN, best[1].sum()):
        best = turned
    tilted = _homography(source, target)
    if tilted is not None and tilted[1].sum() >= max(_ENOUGH_TO_TILT, 1.15 * best[1].sum()):
        best = tilted
    return best


_ENOUGH_TO_TURN, _ENOUGH_TO_TILT = 14, 32


def _shift(source: Floats, target: Floats) -> tuple[Floats, Mask]:
    steps = target - source
    near = np.hypot(*(steps[:, None] - steps[None]).transpose(2, 0, 1)) < _AGREE_PX
    agreeing = near[int(near.sum(axis=1).argmax())]
    matrix = np.eye(3)
    matrix[:2, 2] = np.median(steps[agreeing], axis=0)
    return matrix, agreeing


def _similarity(source: Floats, target: Floats) -> tuple[Floats, Mask] | None:
    found, inliers = cv2.estimateAffinePartial2D(
        source,
        target,
        method=cv2.RANSAC,
        ransacReprojThreshold=_AGREE_PX,
        maxIters=3000,
        confidence=0.999,
    )
    if found is None:
        return None
    matrix = np.vstack([found, [0.0, 0.0, 1.0]])
    zoom = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    return (matrix, _mask(inliers)) if 0.5 < zoom < 2.0 else None


def _homography(source: Floats, target: Floats) -> tuple[Floats, Mask] | None:
    found, inliers = cv2.findHomography(source, target, cv2.RANSAC, _AGREE_PX)
    return None if found is None else (np.asarray(found, dtype=np.float64), _mask(inliers))


def _mask(inliers: object) -> Mask:
    return np.asarray(inliers).ravel().astype(np.bool_)


def moved(homography: Floats, corners: Floats) -> Floats:
    """(N, 2) points -> where the homography sends them."""
    ahead = np.column_stack([corners, np.ones(len(corners))]) @ homography.T
    return np.asarray(ahead[:, :2] / ahead[:, 2:])


def shift_px(homography: Floats, regions: Sequence[Polygon], *, aspect: float) -> float:
    """How far the regions' corners moved, in pixels of a picture SCALE_WIDTH wide; 90th percentile.

    Without regions the picture's own corners count. aspect: width / height.
    """
    corners = np.array([corner for region in regions for corner in region] or _PICTURE)
    away = (moved(homography, corners) - corners) * (SCALE_WIDTH, SCALE_WIDTH / aspect)
    return float(np.percentile(np.hypot(away[:, 0], away[:, 1]), 90.0))


_PICTURE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
