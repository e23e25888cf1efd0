"""Layouts for these tests: one written by hand, and every valid one for hypothesis."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from central.layout.document import MILLION, Camera, Layout, Mask, Region, Spot, Zone
from central.layout.geometry import Corners, polygon_fault, quadrilateral_fault

quick = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

NORTH = """
[lot]
id = "north"
name = "North campus lot"
time_zone = "Europe/Paris"
latitude = 48.1
longitude = 11.5

[[zones]]
id = "row-a"
name = "Row A"

[[spots]]
id = "A01"
zone = "row-a"

[[spots]]
id = "A02"

[[cameras]]
id = "north-east"
name = "East mast"

[[cameras.regions]]
spot = "A01"
polygon = [[0.412, 0.300], [0.447, 0.301], [0.455, 0.362], [0.417, 0.360]]

[[cameras.regions]]
spot = "A02"
polygon = [[0.5, 0.3], [0.6, 0.3], [0.6, 0.4], [0.5, 0.4]]
"""

SQUARE: Corners = ((0, 0), (MILLION, 0), (MILLION, MILLION), (0, MILLION))


def north() -> Layout:
    """The layout that NORTH states."""
    return Layout(
        lot_id="north",
        name="North campus lot",
        time_zone="Europe/Paris",
        latitude=48.1,
        longitude=11.5,
        zones=(Zone(zone_id="row-a", name="Row A"),),
        spots=(Spot(spot_id="A01", zone_id="row-a"), Spot(spot_id="A02")),
        cameras=(
            Camera(
                camera_id="north-east",
                name="East mast",
                regions=(
                    Region(
                        spot_id="A01",
                        corners=(
                            (412_000, 300_000),
                            (447_000, 301_000),
                            (455_000, 362_000),
                            (417_000, 360_000),
                        ),
                    ),
                    Region(
                        spot_id="A02",
                        corners=(
                            (500_000, 300_000),
                            (600_000, 300_000),
                            (600_000, 400_000),
                            (500_000, 400_000),
                        ),
                    ),
                ),
            ),
        ),
    )


ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,9}", fullmatch=True)
names = st.text(st.characters(codec="utf-8"), max_size=12).filter(str.isprintable)
corner = st.tuples(st.integers(0, MILLION), st.integers(0, MILLION))
quadrilaterals = st.tuples(corner, corner, corner, corner).filter(
    lambda corners: quadrilateral_fault(corners) is None
)
masks = (
    st.lists(corner, min_size=3, max_size=5)
    .map(tuple)
    .filter(lambda corners: polygon_fault(corners) is None)
    .map(Mask)
)
places = st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def _spot(spot_id: str, zone_id: str, place: tuple[float, float] | None) -> Spot:
    latitude, longitude = place or (None, None)
    return Spot(spot_id, zone_id, latitude, longitude)


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """Draw a valid layout."""
    zone_ids = draw(st.lists(ids, max_size=3, unique=True))
    spot_ids = draw(st.lists(ids, min_size=1, max_size=6, unique=True))
    camera_ids = draw(st.lists(ids, max_size=2, unique=True))
    return Layout(
        lot_id=draw(ids),
        name=draw(names),
        time_zone=draw(st.sampled_from(["UTC", "Europe/Paris", "America/New_York"])),
        latitude=draw(st.none() | st.floats(-90, 90)),
        longitude=draw(st.none() | st.floats(-180, 180)),
        zones=tuple(
            Zone(zone_id=zone_id, name=draw(names), max_stay_s=draw(st.integers(0, 366 * 86_400)))
            for zone_id in zone_ids
        ),
        spots=tuple(
            _spot(spot_id, draw(st.sampled_from(["", *zone_ids])), draw(places))
            for spot_id in spot_ids
        ),
        cameras=tuple(
            Camera(
                camera_id=camera_id,
                name=draw(names),
                regions=tuple(
                    Region(spot_id=spot_id, corners=draw(quadrilaterals))
                    for spot_id in draw(st.lists(st.sampled_from(spot_ids), unique=True))
                ),
                masks=tuple(draw(st.lists(masks, max_size=2))),
                reference=draw(st.binary(max_size=20)),
            )
            for camera_id in camera_ids
        ),
    )
