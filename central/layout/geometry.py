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
