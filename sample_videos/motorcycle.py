"""A motorcycle: what stands in a spot and is hardly a car."""

from sample_videos.car_shapes import CarShape
from sample_videos.surface import Body, Finish, ellipsoid, tube

KIND = "motorcycle"

MOTORCYCLE = CarShape(
    kind=KIND,
    length=2.15,
    width=0.80,
    height=1.15,
    nose=0.9,
    belt=0.8,
    deck=0.8,
    cowl_x=0.3,
    roof_front_x=0.1,
    roof_rear_x=-0.3,
    tail_x=-0.6,
    pillars=(),
    glass_from=0.0,
)
_BLACK = (0.02, 0.02, 0.021)
_STEEL = (0.30, 0.31, 0.32)


def build_motorcycle(paint: tuple[float, float, float]) -> Body:
    """It stands on its own axes: x forward, on the ground."""
    parts = [ellipsoid((x, 0.0, 0.32), (0.32, 0.07, 0.32), _BLACK) for x in (0.72, -0.72)]
    parts += [
        ellipsoid((0.12, 0.0, 0.78), (0.30, 0.16, 0.14), paint, Finish.PAINT),
        ellipsoid((-0.42, 0.0, 0.78), (0.40, 0.15, 0.08), _BLACK),
        ellipsoid((0.0, 0.0, 0.45), (0.30, 0.17, 0.22), _STEEL, Finish.METAL),
        ellipsoid((0.52, 0.0, 0.86), (0.12, 0.15, 0.12), paint, Finish.PAINT),
        tube((0.72, 0.0, 0.32), (0.46, 0.0, 0.95), (0.045, 0.045), _STEEL, Finish.METAL),
        tube((0.42, -0.38, 1.0), (0.42, 0.38, 1.0), (0.025, 0.025), _BLACK),
        tube((-0.7, 0.18, 0.36), (0.1, 0.18, 0.34), (0.05, 0.05), _STEEL, Finish.METAL),
    ]
    return Body(tuple(parts))
