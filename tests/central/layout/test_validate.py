"""The one set of checks, on layouts that did not come from a file."""

from dataclasses import replace

import pytest
from hypothesis import given

from central.layout.document import Camera, Corner, Layout, Mask, Region, Spot, Zone
from central.layout.validate import MAX_NAME, check_layout, check_time_zone
from node.errors import UsageError
from tests.central.layout.layouts import SQUARE, layouts, north, quick

OUTSIDE: tuple[Corner, Corner, Corner, Corner] = ((0, 0), (1_200_000, 0), (9, 9), (0, 9))
BOW_TIE: tuple[Corner, Corner, Corner, Corner] = ((0, 0), (900, 900), (900, 0), (0, 900))


def seeing(*regions: Region) -> Layout:
    """A layout whose one camera has these regions."""
    return replace(north(), cameras=(Camera(camera_id="c", regions=regions),))


@quick
@given(layouts())
def test_valid_layouts_pass(layout: Layout) -> None:
    check_layout(layout, source="layout")


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        (replace(north(), lot_id="no spaces"), "lot.id: lot id 'no spaces': use 1 to 64 letters"),
        (replace(north(), lot_id="n" * 65), "lot.id: lot id 'nnn"),
        (replace(north(), name="a\x1b[2Jb"), "lot.name: is 'a\\x1b[2Jb'; use at most"),
        (replace(north(), name="a" * (MAX_NAME + 1)), "lot.name: is 'aaaa"),
        (replace(north(), spots=()), "spots: the lot has none; add at least one [[spots]]"),
        (
            replace(north(), spots=(Spot("A01"), Spot("A02"), Spot("A01"))),
            "spots[2].id: 'A01' is already the id of spots[0]; give each spot its own id",
        ),
        (replace(north(), spots=(Spot(""),)), "spots[0].id: spot id '': use 1 to 64 letters"),
        (
            replace(north(), zones=(Zone("row-a"), Zone("row-a"))),
            "zones[1].id: 'row-a' is already the id of zones[0]",
        ),
        (
            replace(north(), zones=(Zone("row-b"),)),
            "spots[0].zone: there is no zone 'row-a' (did you mean 'row-b'?); correct the id or "
            "add it to [[zones]]",
        ),
        (replace(north(), zones=(Zone("row-a", name="\n"),)), "zones[0].name: is '\\n'; use at"),
        (
            replace(north(), cameras=(Camera("c"), Camera("c"))),
            "cameras[1].id: 'c' is already the id of cameras[0]",
        ),
        (replace(north(), cameras=(Camera("c", name="\0"),)), "cameras[0].name: is '\\x00'"),
        (
            seeing(Region("A011", SQUARE)),
            "cameras[0].regions[0].spot: there is no spot 'A011' (did you mean 'A01'?); correct",
        ),
        (
            seeing(Region("A01", SQUARE), Region("A01", SQUARE)),
            "cameras[0].regions[1].spot: 'A01' has a region in this camera already "
            "(cameras[0].regions[0].spot); keep one of them",
        ),
        (
            seeing(Region("A01", OUTSIDE)),
            "cameras[0].regions[0].polygon[1]: x is 1.2; coordinates are fractions of the picture",
        ),
        (
            seeing(Region("A01", BOW_TIE)),
            "cameras[0].regions[0].polygon: is [[0, 0], [0.0009, 0.0009], [0.0009, 0], "
            "[0, 0.0009]]: two sides cross; give the corners in order round the spot",
        ),
        (
            replace(north(), cameras=(Camera("c", masks=(Mask(OUTSIDE[:3]),)),)),
            "cameras[0].masks[0].polygon[1]: x is 1.2; coordinates are fractions of the picture",
        ),
        (
            replace(north(), cameras=(Camera("c", masks=(Mask(BOW_TIE),)),)),
            "cameras[0].masks[0].polygon: is [[0, 0], [0.0009, 0.0009], [0.0009, 0], "
            "[0, 0.0009]]: two sides cross",
        ),
        (
            replace(north(), cameras=(Camera("c", masks=(Mask(SQUARE),) * 65),)),
            "cameras[0].masks: are 65; at most 64 a camera",
        ),
        (
            replace(north(), cameras=(Camera("c", masks=(Mask(SQUARE * 26),)),)),
            "cameras[0].masks[0].polygon: has 104 corners; at most 100",
        ),
        (
            replace(north(), cameras=(Camera("c", reference=bytes(65_537)),)),
            "cameras[0].reference: holds 65537 bytes, a reference at most 65536; name",
        ),
        (replace(north(), zones=(Zone("row-a", "", -1),)), "zones[0].max_stay: is -1 s; give up"),
        (
            replace(north(), spots=(Spot("A01", latitude=1.0, longitude=200.0),)),
            "spots[0].longitude: is 200; give degrees, -180 to 180 (WGS 84)",
        ),
        (
            replace(north(), spots=(Spot("A01", longitude=20.0),)),
            "spots[0].latitude: is missing; give both or neither",
        ),
        (replace(north(), latitude=90.5), "lot.latitude: is 90.5; give degrees, -90 to 90 (WGS"),
        (replace(north(), longitude=-181.0), "lot.longitude: is -181; give degrees, -180 to 180"),
        (replace(north(), latitude=float("nan")), "lot.latitude: is nan; give degrees"),
        (replace(north(), time_zone="Europe/Pariss"), "lot.time_zone: 'Europe/Pariss' is no IANA"),
        (replace(north(), time_zone="../etc/passwd"), "lot.time_zone: '../etc/passwd' is no IANA"),
        (replace(north(), time_zone=""), "lot.time_zone: '' is no IANA time zone"),
    ],
)
def test_each_fault_is_named_by_source_key_value_and_remedy(layout: Layout, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_layout(layout, source="layout 'north'")
    assert str(caught.value).startswith(f"layout 'north': {message}")
    assert "\n" not in str(caught.value)


def test_two_cameras_may_see_one_spot() -> None:
    cameras = tuple(Camera(name, regions=(Region("A01", SQUARE),)) for name in ("a", "b"))
    check_layout(replace(north(), cameras=cameras), source="layout")


def test_the_nearest_time_zone_is_suggested() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'Europe/Paris'\?"):
        check_time_zone("n", "k", "Europe/Pariss", known=["Europe/Paris", "Asia/Tokyo"])


@pytest.mark.parametrize("name", ["Europe/Paris", "UTC", "America/Argentina/Buenos_Aires", "Etc/X"])
def test_without_time_zone_data_the_form_is_enough(name: str) -> None:
    check_time_zone("n", "k", name, known=[])


@pytest.mark.parametrize("name", ["", "/etc/passwd", "Europe/", "Paris time", "A/../B", "x" * 65])
def test_without_time_zone_data_a_wrong_form_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no IANA time zone"):
        check_time_zone("n", "k", name, known=[])
