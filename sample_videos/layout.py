"""The lot's layout as TOML: spots, and the region of each spot in each camera's picture."""

import numpy as np

from sample_videos.camera import Camera, Floats
from sample_videos.lot import ROWS, SPOTS, Spot

LOT_ID = "north"
LOT_NAME = "North campus lot"
_MARGIN = 0.002
"""A corner this close to the picture's edge (share of its side) counts as outside."""


def region(camera: Camera, spot: Spot) -> Floats | None:
    """The spot's painted corners in the picture, (4, 2) shares of width and height.

    None where a corner lies outside the picture.
    """
    corners = np.zeros((4, 3), np.float32)
    corners[:, :2] = spot.corners
    pixels, depth = camera.project(corners)
    if float(depth.min()) <= 0:
        return None
    shares = pixels / (camera.width, camera.height)
    inside = (shares > _MARGIN) & (shares < 1 - _MARGIN)
    return np.asarray(shares, np.float32) if bool(inside.all()) else None


def regions(camera: Camera) -> dict[str, Floats]:
    """Every spot whose four corners the camera sees, by the spot's id."""
    found = {spot.id: region(camera, spot) for spot in SPOTS}
    return {spot: polygon for spot, polygon in found.items() if polygon is not None}


def layout_toml(cameras: tuple[Camera, ...]) -> str:
    """The text of the layout file that `parkledger apply` reads."""
    lines = [
        "# The rendered sample lot; made by `python -m sample_videos.render`.",
        "[lot]",
        f'id = "{LOT_ID}"',
        f'name = "{LOT_NAME}"',
        'time_zone = "Europe/Paris"',
    ]
    for row in ROWS:
        lines += ["", "[[zones]]", f'id = "row-{row.letter.lower()}"', f'name = "Row {row.letter}"']
    for spot in SPOTS:
        lines += ["", "[[spots]]", f'id = "{spot.id}"', f'zone = "row-{spot.row.letter.lower()}"']
    for camera in cameras:
        lines += ["", "[[cameras]]", f'id = "{camera.id}"', f'name = "{camera.name}"']
        for spot_id, polygon in regions(camera).items():
            corners = ", ".join(f"[{x:.4f}, {y:.4f}]" for x, y in polygon)
            lines += ["", "[[cameras.regions]]", f'spot = "{spot_id}"', f"polygon = [{corners}]"]
    return "\n".join(lines) + "\n"
