"""Draws regions, or a grid to read coordinates from, over a picture for a person to look at."""

import statistics
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from node.values import frozen

Image = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]
Colour = tuple[int, int, int]  # blue, green, red
Polygon = Sequence[Sequence[float]]

OCCUPIED: Colour = (60, 76, 231)
VACANT: Colour = (96, 204, 46)
UNKNOWN: Colour = (40, 190, 250)
PLAIN: Colour = (230, 180, 40)
INK: Colour = (255, 255, 255)
SHADOW: Colour = (24, 24, 24)
HATCH: Colour = (70, 70, 70)

FONT = cv2.FONT_HERSHEY_SIMPLEX
SMALLEST_TEXT, LARGEST_TEXT = 0.34, 1.1  # of the font's 22 px; below, strokes run into each other
WANTED_SIDE = 44  # pixels a region should be high and wide for its label to be read
LARGEST_SIDE = 4096  # pixels of the drawing
SUBPIXEL_BITS = 4


@frozen
class Mark:
    """One region to draw: its polygon in fractions of the picture, lines of text, its colour."""

    polygon: Polygon
    lines: tuple[str, ...]
    colour: Colour


def draw_marks(
    picture: Image, marks: Sequence[Mark], *, tint: float, masks: Sequence[Polygon] = ()
) -> Image:
    """Return a drawing of the regions, enlarged where labels would be too small to read.

    tint: how much of a region's colour covers its inside, 0 to 1.
    masks: polygons, in fractions of the picture too, of what nobody may see: black and hatched.
    """
    factor = _enlargement(picture, marks)
    canvas = _enlarged(picture, factor)
    height, width = canvas.shape[:2]
    for mask in masks:
        _hatch(canvas, np.asarray(mask, dtype=np.float64) * (width, height))
    outlines = [np.asarray(mark.polygon, dtype=np.float64) * (width, height) for mark in marks]
    filled = canvas.copy()
    for mark, points in zip(marks, outlines, strict=True):
        cv2.fillPoly(filled, [_fixed(points)], mark.colour, cv2.LINE_AA, SUBPIXEL_BITS)
    canvas = np.asarray(cv2.addWeighted(filled, tint, canvas, 1.0 - tint, 0.0), dtype=np.uint8)
    for colour_of, thickness in ((lambda _: SHADOW, 3), (lambda mark: mark.colour, 1)):
        for mark, points in zip(marks, outlines, strict=True):
            _outline(canvas, points, colour_of(mark), thickness)
    for mark, points in zip(marks, outlines, strict=True):
        _write_inside(canvas, mark.lines, points)
    return canvas


def draw_grid(picture: Image) -> Image:
    """Return the picture under a grid: lines every 0.1 with their numbers, ticks every 0.01."""
    longest = max(picture.shape[:2])
    canvas = _enlarged(picture, max(1, min(2, LARGEST_SIDE // longest)) if longest < 1200 else 1)
    height, width = canvas.shape[:2]
    lines = canvas.copy()
    for step in range(1, 10):
        x, y = round(width * step / 10), round(height * step / 10)
        for colour, thickness in ((SHADOW, 3), (INK, 1)):
            cv2.line(lines, (x, 0), (x, height), colour, thickness, cv2.LINE_AA)
            cv2.line(lines, (0, y), (width, y), colour, thickness, cv2.LINE_AA)
    canvas = np.asarray(cv2.addWeighted(lines, 0.55, canvas, 0.45, 0.0), dtype=np.uint8)
    _ticks(canvas)
    scale = min(LARGEST_TEXT, max(0.45, width / 3200))
    for step in range(1, 10):
        label = f"{step / 10:.1f}"
        x, y = width * step / 10, height * step / 10
        for place in ((x, 12), (x, height - 12), (20, y), (width - 20, y)):
            _write(canvas, label, place, scale)
    # Far from the edges a person would lose count.
    for column in range(2, 9, 2):
        for row in range(2, 9, 2):
            label = f"{column / 10:.1f}, {row / 10:.1f}"
            wide, high = _size(label, scale)
            place = (width * column / 10 + wide * 0.5 + 12, height * row / 10 + high + 8)
            _write(canvas, label, place, scale)
    return canvas


def blackened(picture: Image, masks: Sequence[Polygon]) -> Image:
    """Return a picture as a camera node sends it: black where masks are."""
    canvas = picture.copy()
    height, width = canvas.shape[:2]
    for mask in masks:
        canvas[_inside(canvas, np.asarray(mask, dtype=np.float64) * (width, height))] = 0
    return canvas


def _hatch(canvas: Image, points: Points) -> None:
    """Fill a mask with black, hatched so that it does not pass for a shadow of the scene."""
    height, width = canvas.shape[:2]
    inside = _inside(canvas, points)
    lines = np.zeros((height, width), dtype=np.uint8)
    for start in range(-height, width, max(8, min(height, width) // 40)):
        cv2.line(lines, (start, height), (start + height, 0), 255, 1, cv2.LINE_AA)
    canvas[inside] = 0
    canvas[inside & (lines > 127)] = HATCH
    _outline(canvas, points, HATCH, 1)


def _inside(canvas: Image, points: Points) -> npt.NDArray[np.bool_]:
    covered = np.zeros(canvas.shape[:2], dtype=np.uint8)
    cv2.fillPoly(covered, [_fixed(points)], 255, cv2.LINE_8, SUBPIXEL_BITS)
    return covered > 0


def _outline(canvas: Image, points: Points, colour: Colour, thickness: int) -> None:
    cv2.polylines(
        canvas,
        [_fixed(points)],
        isClosed=True,
        color=colour,
        thickness=thickness,
        lineType=cv2.LINE_AA,
        shift=SUBPIXEL_BITS,
    )


def _ticks(canvas: Image) -> None:
    height, width = canvas.shape[:2]
    for line in range(1, 10):
        for tick in range(1, 100):
            if tick % 10 == 0:
                continue
            half = 6 if tick % 5 == 0 else 3
            x, y = round(width * tick / 100), round(height * line / 10)
            _tick(canvas, (x, y - half), (x, y + half))
            x, y = round(width * line / 10), round(height * tick / 100)
            _tick(canvas, (x - half, y), (x + half, y))


def _tick(canvas: Image, start: tuple[int, int], end: tuple[int, int]) -> None:
    cv2.line(canvas, start, end, INK, 1)


def _enlargement(picture: Image, marks: Sequence[Mark]) -> int:
    height, width = picture.shape[:2]
    sides = [min(_chords(np.asarray(mark.polygon) * (width, height))) for mark in marks]
    if not sides:
        return 1
    wanted = round(WANTED_SIDE / max(1.0, float(statistics.median(sides))))
    largest = int(LARGEST_SIDE // max(height, width))
    return max(1, min(3, wanted, largest))


def _enlarged(picture: Image, factor: int) -> Image:
    if factor == 1:
        return picture.copy()
    enlarged = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    return np.asarray(enlarged, dtype=np.uint8)


def _fixed(points: Points) -> npt.NDArray[np.int32]:
    return np.round(points * (1 << SUBPIXEL_BITS)).astype(np.int32)


def _chords(points: Points) -> tuple[float, float]:
    """How wide and how high the polygon is through its centre, in its own units."""
    return _chord(points, along=0), _chord(points, along=1)


def _chord(points: Points, *, along: int) -> float:
    across = 1 - along
    centre = points[:, across].mean()
    hits: list[float] = []
    for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
        low, high = sorted((start[across], end[across]))
        if low <= centre < high:
            share = (centre - start[across]) / (end[across] - start[across])
            hits.append(float(start[along] + share * (end[along] - start[along])))
    return max(hits) - min(hits) if hits else 0.0


def _write_inside(canvas: Image, lines: Sequence[str], points: Points) -> None:
    """Write lines of text in the middle of a region, as large as fits and can be read."""
    wide, high = _chords(points)
    widest = max(_size(line, 1.0)[0] for line in lines)
    line_height = _size("0", 1.0)[1] * 1.6
    scale = min(0.75 * wide / widest, 0.65 * high / (line_height * len(lines)), LARGEST_TEXT)
    scale = max(scale, SMALLEST_TEXT)
    x, y = points.mean(axis=0)
    top = y - line_height * scale * (len(lines) - 1) / 2
    for index, line in enumerate(lines):
        _write(canvas, line, (x, top + index * line_height * scale), scale)


def _write(canvas: Image, text: str, centre: tuple[float, float], scale: float) -> None:
    """Write light text with a dark rim, moved inside the picture where it would leave it.

    The rim is the text's own mask, widened: strokes drawn twice in two thicknesses do not lie
    over each other in OpenCV 5, whose letters get wider as they get bolder.
    """
    wide, high = _size(text, scale)
    rim = 2 if scale < 0.6 else 3
    box_width, box_height = wide + 4 * rim, round(high * 1.5) + 4 * rim
    height, width = canvas.shape[:2]
    left = round(min(max(centre[0] - box_width / 2, 0), max(0, width - box_width)))
    top = round(min(max(centre[1] - box_height / 2, 0), max(0, height - box_height)))
    part = canvas[top : top + box_height, left : left + box_width]
    mask = np.zeros((box_height, box_width), dtype=np.uint8)
    baseline = (box_height + high) // 2
    cv2.putText(mask, text, (2 * rim, baseline), FONT, scale, 255, _thickness(scale), cv2.LINE_AA)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
    for layer, colour in ((cv2.dilate(mask, kernel), SHADOW), (mask, INK)):
        share = (layer[: part.shape[0], : part.shape[1], None] / 255.0).astype(np.float32)
        part[:] = np.round(part * (1.0 - share) + np.array(colour) * share).astype(np.uint8)


def _thickness(scale: float) -> int:
    return 2 if scale >= 0.7 else 1


def _size(text: str, scale: float) -> tuple[int, int]:
    (wide, high), _ = cv2.getTextSize(text, FONT, scale, _thickness(scale))
    return wide, high
