"""Two charts side by side, drawn with OpenCV: no plotting library is needed to judge a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from models.curves import Abstention, Reliability
from models.metrics import FloatArray
from models.patches import Image

Colour = tuple[int, int, int]  # blue, green, red

_INK: Final[Colour] = (60, 50, 45)
_GRID: Final[Colour] = (228, 224, 220)
_LINE: Final[Colour] = (176, 108, 43)
_MARK: Final[Colour] = (48, 48, 197)
_BARS: Final[Colour] = (236, 214, 190)

_SCALE: Final = 2  # drawn twice as large and made smaller: OpenCV's letters get smooth that way
_WIDTH, _HEIGHT = 600, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 24, 70, 64
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX

_FEWEST: Final = 10
"""A bin of fewer spots gets no point: its share would tell of chance, not of the model."""


@dataclass(frozen=True, slots=True)
class _Panel:
    """A chart's place on the canvas and the values at the ends of its axes."""

    canvas: Image
    offset: int
    right: float
    top: float

    def at(self, x: float, y: float) -> tuple[int, int]:
        """Where a pair of values lies on the canvas; beyond the axes it lies on their edge."""
        across = min(max(x / self.right, 0.0), 1.0)
        up = min(max(y / self.top, 0.0), 1.0)
        column = self.offset + _LEFT + across * (_WIDTH - _LEFT - _RIGHT)
        row = _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM)
        return round(column * _SCALE), round(row * _SCALE)

    def line(self, xs: FloatArray, ys: FloatArray, colour: Colour, thickness: int) -> None:
        """Join the points."""
        points = np.array([self.at(x, y) for x, y in zip(xs, ys, strict=True)], dtype=np.int32)
        cv2.polylines(self.canvas, [points], False, colour, thickness * _SCALE, cv2.LINE_AA)

    def dot(self, x: float, y: float, colour: Colour, radius: int = 4) -> None:
        """Mark one point."""
        cv2.circle(self.canvas, self.at(x, y), radius * _SCALE, colour, -1, cv2.LINE_AA)

    def text(self, words: str, column: float, row: float, *, size: float = 0.46) -> None:
        """Write words centred on a place of this panel, pixels from its upper left corner."""
        (width, height), _ = cv2.getTextSize(words, _FONT, size * _SCALE, _SCALE)
        left = round((self.offset + column) * _SCALE - width / 2)
        base = round(row * _SCALE + height / 2)
        cv2.putText(
            self.canvas, words, (left, base), _FONT, size * _SCALE, _INK, _SCALE, cv2.LINE_AA
        )


def draw(curve: Abstention, bins: Reliability, chosen: tuple[float, float]) -> Image:
    """(H, W, 3) uint8 BGR: error against share left unknown, and the reliability diagram.

    chosen: share left unknown and error at the model's own thresholds, marked on the curve.
    """
    canvas = np.full((_HEIGHT * _SCALE, 2 * _WIDTH * _SCALE, 3), 255, dtype=np.uint8)
    _abstention(canvas, curve, chosen)
    _reliability(canvas, bins)
    small = cv2.resize(canvas, (2 * _WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def _abstention(canvas: Image, curve: Abstention, chosen: tuple[float, float]) -> None:
    shown = curve.unknown <= max(0.10, 1.5 * chosen[0])
    highest = max([0.01, chosen[1], *curve.error[shown].tolist()])
    right = round_up(max(0.10, 1.5 * chosen[0]))
    panel = _Panel(canvas, 0, right, round_up(highest))
    _axes(panel, "What leaving spots unknown buys", "left unknown", "wrong among the rest")
    panel.line(curve.unknown[shown], curve.error[shown], _LINE, 2)
    panel.dot(*chosen, _MARK)
    (column, row), words = panel.at(*chosen), f"{chosen[0]:.1%} unknown, {chosen[1]:.2%} wrong"
    panel.text(words, min(column / _SCALE + 100, _WIDTH - 110), row / _SCALE - 14)


def _reliability(canvas: Image, bins: Reliability) -> None:
    panel = _Panel(canvas, _WIDTH, 1.0, 1.0)
    title, below = "Does a probability mean what it says?", "given probability (bars: spots)"
    _axes(panel, title, below, "found occupied")
    share = bins.spots / max(1, bins.spots.sum())
    for given, part in zip(bins.given, share, strict=True):
        middle = (min(int(given * 10), 9) + 0.5) / 10
        corners = panel.at(middle - 0.04, 0.0), panel.at(middle + 0.04, part)
        cv2.rectangle(canvas, *corners, _BARS, -1)
    ends = np.array([0.0, 1.0])
    panel.line(ends, ends, _INK, 1)
    many = bins.spots >= _FEWEST
    panel.line(bins.given[many], bins.found[many], _LINE, 2)
    for given, found in zip(bins.given[many], bins.found[many], strict=True):
        panel.dot(given, found, _LINE)


def _axes(panel: _Panel, title: str, below: str, beside: str) -> None:
    """Frame, grid, figures in per cent, and what the axes show."""
    for step in range(6):
        x, y = panel.right * step / 5, panel.top * step / 5
        for xs, ys in (([x, x], [0.0, panel.top]), ([0.0, panel.right], [y, y])):
            panel.line(np.array(xs), np.array(ys), _GRID, 1)
        column, row = panel.at(x, 0.0)
        panel.text(_percent(x, panel.right), column / _SCALE - panel.offset, row / _SCALE + 16)
        column, row = panel.at(0.0, y)
        panel.text(_percent(y, panel.top), column / _SCALE - panel.offset - 30, row / _SCALE)
    panel.text(title, _WIDTH / 2 + 20, 20, size=0.56)
    panel.text(below, _WIDTH / 2 + 20, _HEIGHT - 18)
    panel.text(beside, _LEFT + 20, 50)


def _percent(value: float, top: float) -> str:
    return f"{value:.0%}" if top >= 0.2 or top * 100 % 5 == 0 else f"{value:.1%}"


def round_up(value: float, steps: Sequence[float] = (1.0, 2.0, 5.0, 10.0)) -> float:
    """The next of 1, 2, 5 times a power of ten: the end of an axis that reads well."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in steps if step * power >= value * (1 - 1e-9)))
