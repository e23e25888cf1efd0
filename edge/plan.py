"""What a processor tells a camera node about its view, so that it can cut, mask and compare."""

from dataclasses import dataclass

from models.patches import PatchSpec

Polygon = tuple[tuple[float, float], ...]
"""Corners (x, y) in fractions of the picture's width and height."""


@dataclass(frozen=True)
class CutPlan:
    """One layout version of one camera, as far as its node needs it.

    plan_id: names it within a stream. regions: four corners each, in the order of a strip's places.
    masks: three corners or more, blackened before anything is encoded. reference: what the view
    looked like when the regions were drawn (edge/reference.py), empty if nobody knows.
    """

    plan_id: int
    layout_version: int
    spec: PatchSpec
    regions: tuple[Polygon, ...]
    masks: tuple[Polygon, ...] = ()
    reference: bytes = b""
