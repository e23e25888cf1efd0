"""The lot's layout as TOML: spots, and the region of each spot in each camera's picture."""

import math

import numpy as np

from sample_videos.camera import Camera, Floats
from sample_videos.lot import ROWS, SPOTS, Spot

LOT_ID = "north"
LOT_NAME = "North campus lot"
LATITUDE, LONGITUDE = 48.712500, 2.199500
"""Where the middle of the plan is, degrees: an invented lot, that exports have a place to say."""
_METRES_A_DEGREE = 111_195.0
_MARGIN = 0.002
"""A corner this close to the picture's edge (share of its side) counts as outside."""


def place(spot: Spot) -> tuple[float, float]:
    """Latitude and longitude of the spot's middle, degrees to a decimetre; x is east, y north."""
    x, y = spot.centre
    east = x / math.cos(math.radians(LATITUDE))
    return (
        round(LATITUDE + y / _METRES_A_DEGREE, 6),
        round(LONGITUDE + east / _METRES_A_DEGREE, 6),
    )


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
        f"latitude = {LATITUDE:.6f}",
        f"longitude = {LONGITUDE:.6f}",
    ]
    for row in ROWS:
        lines += ["", "[[zones]]", f'id = "row-{row.letter.lower()}"', f'name = "Row {row.letter}"']
    for spot in SPOTS:
        latitude, longitude = place(spot)
        lines += ["", "[[spots]]", f'id = "{spot.id}"', f'zone = "row-{spot.row.letter.lower()}"']
        lines += [f"latitude = {latitude:.6f}", f"longitude = {longitude:.6f}"]
    for camera in cameras:
        lines += ["", "[[cameras]]", f'id = "{camera.id}"', f'name = "{camera.name}"']
        for spot_id, polygon in regions(camera).items():
            corners = ", ".join(f"[{x:.4f}, {y:.4f}]" for x, y in polygon)
            lines += ["", "[[cameras.regions]]", f'spot = "{spot_id}"', f"polygon = [{corners}]"]
    return "\n".join(lines) + "\n"
