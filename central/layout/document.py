"""A lot's layout as values: zones, spots, cameras and the regions that each camera sees.

Coordinates are kept as whole millionths of the picture's width and height, so that two replicas
that apply the same layout hold the same bytes and no comparison depends on float arithmetic.
"""

from node.values import frozen

MILLION = 1_000_000

Corner = tuple[int, int]
"""(x, y) in millionths of the picture's width and height; y grows downwards."""


def fractions(corners: tuple[Corner, ...]) -> tuple[tuple[float, float], ...]:
    """Return corners in millionths as fractions of the picture's width and height."""
    return tuple((x / MILLION, y / MILLION) for x, y in corners)


@frozen
class Zone:
    """A named group of spots."""

    zone_id: str
    name: str = ""
    max_stay_s: int = 0  # a longer stay is an over-stay, seconds; 0: no limit


@frozen
class Spot:
    """One place where one car parks. `zone_id` is empty for a spot in no zone.

    latitude, longitude: degrees, WGS 84; both or neither.
    """

    spot_id: str
    zone_id: str = ""
    latitude: float | None = None
    longitude: float | None = None


@frozen
class Region:
    """One spot's quadrilateral in one camera's view: four corners in order round the spot."""

    spot_id: str
    corners: tuple[Corner, Corner, Corner, Corner]

    @property
    def polygon(self) -> tuple[tuple[float, float], ...]:
        """The corners as fractions in [0, 1] of the picture's width and height, shape (4, 2)."""
        return fractions(self.corners)

    @property
    def doubled_area(self) -> int:
        """Twice the area in square millionths of the picture, by the shoelace formula: exact."""
        total = 0
        for (x0, y0), (x1, y1) in zip(
            self.corners, (*self.corners[1:], self.corners[0]), strict=True
        ):
            total += x0 * y1 - x1 * y0
        return abs(total)


@frozen
class Mask:
    """A part of a camera's picture that nobody may see: three or more corners in order round it."""

    corners: tuple[Corner, ...]

    @property
    def polygon(self) -> tuple[tuple[float, float], ...]:
        """The corners as fractions in [0, 1] of the picture's width and height, shape (N, 2)."""
        return fractions(self.corners)


@frozen
class Camera:
    """One camera and the regions it sees. `camera_id` is unique in the whole ledger.

    reference: what its view looked like when the regions were drawn, empty where nobody said. The
    camera node makes and reads it; to everything else it is opaque bytes.
    """

    camera_id: str
    name: str = ""
    regions: tuple[Region, ...] = ()
    masks: tuple[Mask, ...] = ()
    reference: bytes = b""


@frozen
class Layout:
    """One lot. Ids are unique within their kind; every reference names something that exists."""

    lot_id: str
    name: str = ""
    time_zone: str = "UTC"
    latitude: float | None = None
    longitude: float | None = None
    zones: tuple[Zone, ...] = ()
    spots: tuple[Spot, ...] = ()
    cameras: tuple[Camera, ...] = ()

    def camera(self, camera_id: str) -> Camera | None:
        """Return the camera of that id, or None."""
        return next((camera for camera in self.cameras if camera.camera_id == camera_id), None)


def views_by_spot(layout: Layout) -> dict[str, tuple[str, ...]]:
    """Return for each spot the cameras that see it, the best view first.

    The best view is the one whose region covers the largest share of its picture; equal shares go
    by camera id. This order is the rule by which two cameras on one spot are reconciled.
    """
    views: dict[str, list[tuple[int, str]]] = {spot.spot_id: [] for spot in layout.spots}
    for camera in layout.cameras:
        for region in camera.regions:
            views[region.spot_id].append((-region.doubled_area, camera.camera_id))
    return {
        spot_id: tuple(camera_id for _, camera_id in sorted(seen))
        for spot_id, seen in views.items()
    }
