"""The plan of the lot "north" in metres: rows, spots, lanes, and the two masts.

Four rows of ten spots; rows A and B face each other over one lane, C and D over another, and a
green median lies between B and C:

    y  17 +---- D ----+      (far from the masts)
          |  lane CD  |
        1 +---- C ----+
          |  median   |
       -1 +---- B ----+
          |  lane AB  |
      -17 +---- A ----+      masts at y = -28
"""

from dataclasses import dataclass

from sample_videos.camera import Camera

SPOT_WIDTH = 2.6
SPOT_DEPTH = 5.0
LANE_WIDTH = 6.6
MEDIAN = 2.0
COLUMNS = 10
HALF_WIDTH = COLUMNS * SPOT_WIDTH / 2


@dataclass(frozen=True)
class Row:
    """One row of spots along x. `facing` is +1 where its lane lies to the north, else -1."""

    letter: str
    mouth_y: float
    facing: int

    @property
    def back_y(self) -> float:
        return self.mouth_y - self.facing * SPOT_DEPTH

    @property
    def lane_y(self) -> float:
        return self.mouth_y + self.facing * LANE_WIDTH / 2


@dataclass(frozen=True)
class Spot:
    """A painted place for one car."""

    id: str
    row: Row
    x: float

    @property
    def centre(self) -> tuple[float, float]:
        return self.x, self.row.mouth_y - self.row.facing * SPOT_DEPTH / 2

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """Ground corners as seen from the lane: mouth left, mouth right, back right, back left."""
        # Who stands in the lane and looks into the spot has its west on the left where the lane
        # lies south of the row, and its east where it lies north.
        left = self.x + self.row.facing * SPOT_WIDTH / 2
        right = self.x - self.row.facing * SPOT_WIDTH / 2
        mouth, back = self.row.mouth_y, self.row.back_y
        return (left, mouth), (right, mouth), (right, back), (left, back)


_INNER = MEDIAN / 2
_OUTER = _INNER + SPOT_DEPTH + LANE_WIDTH
ROWS = (
    Row("A", -_OUTER, +1),
    Row("B", -_INNER - SPOT_DEPTH, -1),
    Row("C", _INNER + SPOT_DEPTH, +1),
    Row("D", _OUTER, -1),
)
EDGE_Y = _OUTER + SPOT_DEPTH
"""The lot ends at y = +-EDGE_Y."""

SPOTS = tuple(
    Spot(f"{row.letter}{column + 1:02d}", row, -HALF_WIDTH + (column + 0.5) * SPOT_WIDTH)
    for row in ROWS
    for column in range(COLUMNS)
)


def cameras(width: int = 1280, height: int = 720) -> tuple[Camera, ...]:
    """The two masts of the lot, with pictures of this size in pixels."""
    return (
        Camera(
            "north-east", "East mast", (7.5, -33.0, 12.0), (-0.9, -4.4, 0.0), 71.0, width, height
        ),
        Camera(
            "north-west", "West mast", (-8.5, -33.0, 11.5), (0.9, -4.4, 0.0), 71.0, width, height
        ),
    )
