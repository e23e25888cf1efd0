"""Arithmetic of regions: quantising, convexity, and a row of spots split in perspective.

Whole numbers and fractions only: every machine that reads a layout gets the same millionths.
"""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from central.layout.document import MILLION, Corner

Corners = tuple[Corner, Corner, Corner, Corner]

SHARPNESS = 100_000
"""A corner whose turn is below extent² / SHARPNESS counts as none: no patch can be cut from it."""


def quantise(fraction: float) -> int:
    """Return a finite fraction of the picture in millionths, half to even.

    What is rounded is the shortest decimal that reads back as `fraction`: what a person wrote,
    not its binary neighbour.
    """
    scaled = Decimal(repr(float(fraction))) * MILLION
    return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def turns(corners: Corners) -> tuple[int, ...]:
    """Return the cross product of the edges that meet at corners 1, 2, 3 and 0.

    All of one sign: convex. Two of each: two sides cross. Otherwise one corner points inwards.
    """
    edges = [
        (corners[(k + 1) % 4][0] - corners[k][0], corners[(k + 1) % 4][1] - corners[k][1])
        for k in range(4)
    ]
    return tuple(
        edges[k][0] * edges[(k + 1) % 4][1] - edges[k][1] * edges[(k + 1) % 4][0] for k in range(4)
    )


def quadrilateral_fault(corners: Corners) -> str | None:
    """Say what keeps four corners from being a convex quadrilateral, and the remedy; else None."""
    bends = turns(corners)
    extent = max(max(axis) - min(axis) for axis in zip(*corners, strict=True))
    if len(set(corners)) < 4:
        return "two corners are the same point; give four different ones"
    if all(abs(bend) * SHARPNESS <= extent * extent for bend in bends):
        return "its area is zero; give four corners that are not in one line"
    if sorted(bend > 0 for bend in bends) == [False, False, True, True] and all(bends):
        return "two sides cross; give the corners in order round the spot"
    if any(abs(bend) * SHARPNESS <= extent * extent for bend in bends):
        return "three corners are in one line; give the four corners of a convex quadrilateral"
    if not (all(bend > 0 for bend in bends) or all(bend < 0 for bend in bends)):
        return "one corner points inwards; give the four corners of a convex quadrilateral"
    return None


def polygon_fault(corners: tuple[Corner, ...]) -> str | None:
    """Say what keeps corners from being a simple polygon, and the remedy; else None.

    A polygon whose sides cross is filled with holes by the even-odd rule: a mask would show there
    what it was drawn to hide.
    """
    count = len(corners)
    if count < 3:
        return f"has {count} corners; give at least three"
    if len(set(corners)) < count:
        return "two corners are the same point; give each once"
    sides = [(corners[k], corners[(k + 1) % count]) for k in range(count)]
    if all(_side(corners[0], corners[1], corner) == 0 for corner in corners):
        return "its area is zero; give corners that are not in one line"
    for first in range(count):
        # Neighbours share a corner; they overlap only where one folds back over the other.
        for second in range(first + 1, count):
            shared = second - first in (1, count - 1)
            if (
                _folded(sides[first], sides[second])
                if shared
                else _meet(*sides[first], *sides[second])
            ):
                return "two sides cross; give the corners in order round it"
    return None


def _folded(one: tuple[Corner, Corner], other: tuple[Corner, Corner]) -> bool:
    """Whether two sides that share a corner lie over each other."""
    (shared,) = set(one) & set(other)
    a = next(corner for corner in one if corner != shared)
    b = next(corner for corner in other if corner != shared)
    dot = (a[0] - shared[0]) * (b[0] - shared[0]) + (a[1] - shared[1]) * (b[1] - shared[1])
    return _side(a, shared, b) == 0 and dot > 0


def _meet(a: Corner, b: Corner, c: Corner, d: Corner) -> bool:
    """Whether the segments a-b and c-d have a point in common."""
    if _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0:
        return True
    return any(
        _side(p, q, r) == 0
        and min(p[0], q[0]) <= r[0] <= max(p[0], q[0])
        and min(p[1], q[1]) <= r[1] <= max(p[1], q[1])
        for p, q, r in ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    )


def _side(a: Corner, b: Corner, c: Corner) -> int:
    """On which side of a-b c lies: the sign of the result; 0 where it is in line with them."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def split_row(corners: Corners, count: int) -> tuple[Corners, ...]:
    """Split a row of `count` >= 1 spots of equal width on the ground into one quadrilateral each.

    corners: of the whole convex row. The first is the first spot's outer corner; the first edge
    runs along the row from the first spot to the last. Each result begins with the corner
    that corresponds to the row's first and goes round the same way; neighbours share corners.

    The map from the unit square is Heckbert's ("Fundamentals of Texture Mapping and Image
    Warping", 1989, section 2.2.3), in exact fractions.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    dx1, dx2, sx = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, sy = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    determinant = dx1 * dy2 - dx2 * dy1  # not 0: corner 2 of a convex quadrilateral bends
    g = Fraction(sx * dy2 - dx2 * sy, determinant)
    h = Fraction(dx1 * sy - sx * dy1, determinant)

    def at(step: int, side: int) -> Corner:
        u = Fraction(step, count)
        depth = 1 + g * u + h * side
        x = (x0 + (x1 - x0 + g * x1) * u + (x3 - x0 + h * x3) * side) / depth
        y = (y0 + (y1 - y0 + g * y1) * u + (y3 - y0 + h * y3) * side) / depth
        return round(x), round(y)

    return tuple((at(k, 0), at(k + 1, 0), at(k + 1, 1), at(k, 1)) for k in range(count))
