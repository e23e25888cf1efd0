"""From labelled pictures to a layout and its truth. Pure; the video is made in `slow_video`."""

import re
from collections.abc import Sequence

import cv2
import numpy as np

from central.layout.document import MILLION, Camera, Corner, Layout, Region, Spot
from central.layout.frames import MarkedPicture, MarkedSpot, Pixel
from central.layout.geometry import Corners, quadrilateral_fault, quantise
from central.layout.truth import Truth
from central.layout.validate import check_layout, fault
from node.values import frozen

MAX_OUTSIDE = 0.05
"""How far outside its picture a corner may lie, as a share of the side, and be moved to the edge.

Labels drawn by hand miss the edge by a little; further out the file's width or height is wrong.
"""


@frozen
class Names:
    """What the layout to be made is to be called."""

    lot_id: str
    camera_id: str
    lot_name: str = ""


@frozen
class Converted:
    """A layout, and the spots whose polygon was replaced by the smallest rectangle round it."""

    layout: Layout
    boxed: tuple[str, ...]


def to_layout(pictures: Sequence[MarkedPicture], names: Names, *, source: str) -> Converted:
    """Return the layout of one fixed camera: all spots that any of its pictures has.

    Raises UsageError if a spot moves between pictures or its polygon cannot be a region.
    """
    first: dict[str, MarkedSpot] = {}
    regions: list[Region] = []
    boxed: list[str] = []
    for picture in pictures:
        ids = spot_ids(picture, source=source)
        for spot_id, spot in zip(ids, picture.spots, strict=True):
            if spot_id not in first:
                first[spot_id] = spot
                corners = _quantised(spot, spot.polygon, picture, source)
                if corners is None or quadrilateral_fault(corners) is not None:
                    boxed.append(spot_id)
                    corners = _box(spot, picture, source)
                regions.append(Region(spot_id=spot_id, corners=corners))
            elif first[spot_id].polygon != spot.polygon:
                raise fault(
                    source,
                    spot.key,
                    f"spot '{spot_id}' has another polygon than at {first[spot_id].key}; "
                    "convert one fixed view at a time",
                )
    layout = Layout(
        lot_id=names.lot_id,
        name=names.lot_name,
        spots=tuple(Spot(spot_id=spot_id) for spot_id in first),
        cameras=(Camera(camera_id=names.camera_id, regions=tuple(regions)),),
    )
    check_layout(layout, source=source)
    return Converted(layout=layout, boxed=tuple(boxed))


def to_truth(
    pictures: Sequence[MarkedPicture], *, lot_id: str, seconds_per_picture: float, source: str
) -> Truth:
    """Return the truth of a video that shows each picture for `seconds_per_picture`.

    It speaks only of spots labelled in the first picture: of no other is the state at second 0
    known. Where a later picture has no label for such a spot, the last label stands on.
    """
    labels = [_labels(picture, source=source) for picture in pictures]
    known = labels[0]
    if not known:
        raise fault(source, "spots", "the first picture has no labels; leave out --out-truth")
    states: dict[str, list[tuple[float, bool]]] = {
        spot_id: [(0.0, occupied)] for spot_id, occupied in known.items()
    }
    held = 0
    for index, label in enumerate(labels[1:], start=1):
        for spot_id, changes in states.items():
            occupied = label.get(spot_id)
            if occupied is None:
                held += 1
            elif occupied is not changes[-1][1]:
                changes.append((round(index * seconds_per_picture, 6), occupied))
    return Truth(
        lot_id=lot_id,
        duration_s=round(len(pictures) * seconds_per_picture, 6),
        spots={spot_id: tuple(changes) for spot_id, changes in states.items()},
        left_out=tuple(sorted({spot_id for label in labels for spot_id in label} - known.keys())),
        held=held,
    )


def spot_ids(picture: MarkedPicture, *, source: str) -> tuple[str, ...]:
    """Return valid ids for a picture's spots, in order; raises UsageError if two become one."""
    ids: dict[str, MarkedSpot] = {}
    for spot in picture.spots:
        spot_id = re.sub(r"[^A-Za-z0-9._-]+", "-", spot.spot_id).strip("._-")[:64]
        if not spot_id:
            raise fault(
                source, f"{spot.key}.id", f"is '{spot.spot_id[:40]}'; use letters and digits"
            )
        if spot_id in ids:
            raise fault(
                source,
                f"{spot.key}.id",
                f"becomes '{spot_id}' as {ids[spot_id].key}.id does; give each spot its own id",
            )
        ids[spot_id] = spot
    return tuple(ids)


def _labels(picture: MarkedPicture, *, source: str) -> dict[str, bool]:
    ids = spot_ids(picture, source=source)
    return {
        spot_id: spot.occupied
        for spot_id, spot in zip(ids, picture.spots, strict=True)
        if spot.occupied is not None
    }


def _quantised(
    spot: MarkedSpot, polygon: Sequence[Pixel], picture: MarkedPicture, source: str
) -> Corners | None:
    """Four corners in millionths, those a little outside moved to the edge; None if not four."""
    corners: list[Corner] = []
    for index, (x, y) in enumerate(polygon):
        for axis, value, side in (("x", x, picture.width), ("y", y, picture.height)):
            if not -MAX_OUTSIDE * side <= value <= (1 + MAX_OUTSIDE) * side:
                raise fault(
                    source,
                    f"{spot.key}.polygon[{index}]",
                    f"{axis} is {value:.6g}; the picture is {picture.width}x{picture.height} px",
                )
        corners.append((_share(x, picture.width), _share(y, picture.height)))
    if len(corners) != 4:
        return None
    return corners[0], corners[1], corners[2], corners[3]


def _share(pixels: float, side: int) -> int:
    return min(MILLION, max(0, quantise(pixels / side)))


def _box(spot: MarkedSpot, picture: MarkedPicture, source: str) -> Corners:
    """The smallest rotated rectangle round the polygon, cut at the picture's edge."""
    if len(spot.polygon) < 3:
        raise fault(
            source,
            f"{spot.key}.polygon",
            f"has {len(spot.polygon)} corners; give at least three, best four",
        )
    rectangle = cv2.minAreaRect(np.array(spot.polygon, dtype=np.float32))
    points = [
        (min(max(float(x), 0.0), picture.width), min(max(float(y), 0.0), picture.height))
        for x, y in cv2.boxPoints(rectangle)
    ]
    corners = _quantised(spot, points, picture, source)
    assert corners is not None, "a rectangle has four corners"
    problem = quadrilateral_fault(corners)
    if problem is not None:
        raise fault(source, f"{spot.key}.polygon", problem)
    return corners
