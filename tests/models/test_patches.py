"""The patch geometry: one strip, the same whoever drew the regions."""

import itertools
import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.corners import canonical_corners
from models.patches import (
    FloatArray,
    Image,
    PatchCutter,
    PatchSpec,
    Shade,
    finest_step,
    patch_homography,
)

SPEC = PatchSpec(size=48, margin=0.2)


def smooth_picture(width: int = 320, height: int = 240, seed: int = 3) -> Image:
    """Noise without detail finer than a few pixels, so that interpolation details do not matter."""
    noise = np.random.default_rng(seed).uniform(0, 255, (height // 8, width // 8, 3))
    small = noise.astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))


@st.composite
def convex_quads(draw: st.DrawFn) -> list[tuple[float, float]]:
    """Four points on a stretched circle, in order round it."""
    gaps = draw(st.lists(st.floats(0.6, 1.4), min_size=4, max_size=4))
    angle = draw(st.floats(0.0, 2.0 * math.pi))
    centre = (draw(st.floats(40.0, 600.0)), draw(st.floats(40.0, 400.0)))
    radii = (draw(st.floats(8.0, 90.0)), draw(st.floats(8.0, 90.0)))
    corners = []
    for gap in gaps:
        angle += gap * 2.0 * math.pi / sum(gaps)
        corners.append(
            (centre[0] + radii[0] * math.cos(angle), centre[1] + radii[1] * math.sin(angle))
        )
    return corners


@given(quad=convex_quads(), start=st.integers(0, 3), backwards=st.booleans())
def test_any_first_corner_and_direction_give_the_same_corners(
    quad: list[tuple[float, float]], start: int, backwards: bool
) -> None:
    drawn = quad[start:] + quad[:start]
    if backwards:
        drawn.reverse()
    np.testing.assert_array_equal(canonical_corners(drawn), canonical_corners(quad))


@given(quad=convex_quads())
def test_corners_run_clockwise_from_the_highest_edge(quad: list[tuple[float, float]]) -> None:
    corners = canonical_corners(quad)
    following = np.roll(corners, -1, axis=0)
    doubled_area = (corners[:, 0] * following[:, 1] - corners[:, 1] * following[:, 0]).sum()
    assert doubled_area > 0  # clockwise as seen, y pointing down
    heights = (corners + following)[:, 1]
    assert heights[0] == heights.min()


def test_every_order_of_a_rectangle_gives_top_left_first() -> None:
    rectangle = [(10.0, 20.0), (50.0, 20.0), (50.0, 40.0), (10.0, 40.0)]
    for order in itertools.permutations(rectangle):
        np.testing.assert_array_equal(canonical_corners(order), rectangle)


@pytest.mark.parametrize(
    "polygon",
    [
        [(0, 0), (1, 0), (1, 1)],
        [(0, 0), (1, 0), (2, 0), (3, 0)],
        [(5, 5), (5, 5), (5, 5), (5, 5)],
        [(0, 0), (10, 0), (3, 3), (0, 10)],
        [(0, 0), (1, 0), (1, math.nan), (0, 1)],
    ],
    ids=["three corners", "a line", "a point", "not convex", "not a number"],
)
def test_what_is_no_quadrilateral_is_refused(polygon: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="region"):
        canonical_corners(polygon)


def reference_patch(picture: Image, corners: FloatArray, spec: PatchSpec) -> Image:
    """One patch by OpenCV's own warp; its pixel centres are whole numbers, ours lie at a half."""
    half = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
    matrix = np.linalg.inv(half) @ patch_homography(corners, spec) @ half
    return np.asarray(
        cv2.warpPerspective(
            picture,
            matrix,
            (spec.size, spec.size),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


QUADS = (
    ((40.0, 30.0), (80.0, 32.0), (76.0, 70.0), (35.0, 66.0)),
    ((150.0, 90.0), (190.0, 70.0), (215.0, 100.0), (170.0, 125.0)),
    ((0.0, 0.0), (30.0, 0.0), (30.0, 30.0), (0.0, 30.0)),
    ((290.0, 200.0), (320.0, 205.0), (318.0, 240.0), (285.0, 235.0)),
)


def test_patches_equal_one_warp_at_a_time() -> None:
    picture = smooth_picture()
    polygons = [[(x / 320, y / 240) for x, y in quad] for quad in QUADS]
    patches = PatchCutter(polygons, width=320, height=240, spec=SPEC).cut(picture)
    assert patches.shape == (4, 48, 48, 3)
    for patch, quad in zip(patches, QUADS, strict=True):
        expected = reference_patch(picture, canonical_corners(quad), SPEC)
        assert cv2.absdiff(patch, expected).max() <= 3


def test_the_spot_fills_the_patch_but_for_the_margin() -> None:
    picture = np.zeros((100, 100, 3), dtype=np.uint8)
    picture[30:70, 30:70] = 200
    square = [(0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)]
    spec = PatchSpec(size=56, margin=0.2)  # 8 px of surroundings, 40 px of spot, 8 px
    patch = PatchCutter([square], width=100, height=100, spec=spec).cut(picture)[0]
    expected = np.zeros((56, 56, 3), dtype=np.uint8)
    expected[8:48, 8:48] = 200
    np.testing.assert_array_equal(patch, expected)


def test_patches_are_a_view_of_one_strip() -> None:
    polygons = [[(x / 320, y / 240) for x, y in quad] for quad in QUADS]
    patches = PatchCutter(polygons, width=320, height=240, spec=SPEC).cut(smooth_picture())
    assert patches.flags["C_CONTIGUOUS"]
    strip = patches.reshape(4 * 48, 48, 3)
    assert np.shares_memory(strip, patches)


def test_a_large_spot_is_averaged_not_sampled() -> None:
    """A checkerboard finer than a patch pixel must turn grey, not into a moiré."""
    fine = (np.indices((512, 512)).sum(axis=0) % 2 * 255).astype(np.uint8)
    picture = np.repeat(fine[..., None], 3, axis=2)
    square = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)]
    patch = PatchCutter([square], width=512, height=512, spec=SPEC).cut(picture)[0]
    assert np.abs(patch.astype(int) - 127).max() <= 2


def test_spots_of_different_sizes_keep_their_order() -> None:
    picture = np.zeros((600, 600, 3), dtype=np.uint8)
    small = [(0.02, 0.02), (0.07, 0.02), (0.07, 0.07), (0.02, 0.07)]
    large = [(0.3, 0.3), (0.9, 0.3), (0.9, 0.9), (0.3, 0.9)]
    picture[:100, :100] = 50
    picture[100:, 100:] = 180
    cutter = PatchCutter([small, large, small, large], width=600, height=600, spec=SPEC)
    tones = [int(patch[24, 24, 0]) for patch in cutter.cut(picture)]
    assert tones == [50, 180, 50, 180]


def test_more_rows_than_remap_accepts_are_split() -> None:
    """OpenCV's remap refuses a picture with a side of 32,767 px or more: 683 patches of 48 px."""
    picture = smooth_picture()
    rng = np.random.default_rng(5)
    lefts = rng.uniform(0.0, 0.8, (700, 2))
    polygons = [[(x, y), (x + 0.1, y), (x + 0.1, y + 0.1), (x, y + 0.1)] for x, y in lefts]
    patches = PatchCutter(polygons, width=320, height=240, spec=SPEC).cut(picture)
    assert patches.shape == (700, 48, 48, 3)
    for index in (0, 681, 682, 683, 699):
        alone = PatchCutter([polygons[index]], width=320, height=240, spec=SPEC).cut(picture)[0]
        np.testing.assert_array_equal(patches[index], alone)


@pytest.mark.parametrize("size", [16, 200])
def test_any_mixture_of_levels_cuts_each_spot_as_if_it_were_alone(size: int) -> None:
    """Evenly spaced looks are written in place, others copied; 200² samples are too long a row."""
    picture = np.asarray(cv2.resize(smooth_picture(), (1280, 960)), np.uint8)
    spec = PatchSpec(size=size, margin=0.25, surroundings=1.8)
    small = [(0.02, 0.02), (0.05, 0.02), (0.05, 0.06), (0.02, 0.06)]
    large = [(0.1, 0.1), (0.95, 0.12), (0.9, 0.9), (0.1, 0.9)]
    polygons = [small, large, large, small, large, small]
    together = PatchCutter(polygons, width=1280, height=960, spec=spec).cut(picture)
    for patch, polygon in zip(together, polygons, strict=True):
        alone = PatchCutter([polygon], width=1280, height=960, spec=spec).cut(picture)[0]
        np.testing.assert_array_equal(patch, alone)


def test_no_regions_give_no_patches() -> None:
    patches = PatchCutter([], width=320, height=240, spec=SPEC).cut(smooth_picture())
    assert patches.shape == (0, 48, 48, 3)


TWO_LOOKS = PatchSpec(size=32, margin=0.25, surroundings=2.0)


def test_a_second_look_lies_below_the_first() -> None:
    polygons = [[(x / 320, y / 240) for x, y in quad] for quad in QUADS]
    picture = smooth_picture()
    both = PatchCutter(polygons, width=320, height=240, spec=TWO_LOOKS).cut(picture)
    assert both.shape == (4, 64, 32, 3) == (4, *TWO_LOOKS.shape)
    assert both.flags["C_CONTIGUOUS"]
    first = PatchSpec(size=32, margin=0.25)
    alone = PatchCutter(polygons, width=320, height=240, spec=first).cut(picture)
    np.testing.assert_array_equal(both[:, :32], alone)


def test_the_second_look_is_upright_wide_and_darker_outside_the_region() -> None:
    picture = np.full((200, 200, 3), 200, dtype=np.uint8)
    picture[:, :100] = 100
    # A box of 40 x 20 px: the second look shows the 80 x 80 px square round its middle.
    region = [(0.4, 0.45), (0.6, 0.45), (0.6, 0.55), (0.4, 0.55)]
    spec = PatchSpec(size=40, margin=0.0, surroundings=2.0)
    look = PatchCutter([region], width=200, height=200, spec=spec).cut(picture)[0, 40:, :, 0]
    expected = np.full((40, 40), 100, dtype=np.uint8)
    expected[:, :20] = 50
    expected[15:25, 10:20] = 100  # the region is 20 x 10 px here, and keeps its brightness
    expected[15:25, 20:30] = 200
    off = np.abs(look.astype(int) - expected)
    off[:, 19:21] = 0  # the picture's own edge is interpolated
    assert off.max() <= 1


@pytest.mark.parametrize("places", [None, (0, 1, 2), (1,), (2, 0), (1, 2, 0), ()])
def test_patches_that_were_sent_are_shaded_as_those_that_are_cut(
    places: tuple[int, ...] | None,
) -> None:
    spec = PatchSpec(16, 0.25, 2.0)
    quads = [[(x / 320, y / 240) for x, y in quad] for quad in QUADS[:3]]
    cutter = PatchCutter(quads, width=320, height=240, spec=spec)
    frame = smooth_picture()
    shown = slice(None) if places is None else list(places)
    patches = cutter.sample(frame)[shown]
    Shade(quads, width=320, height=240, spec=spec).apply(patches, places)
    assert np.array_equal(patches, cutter.cut(frame)[shown])


def test_patches_that_do_not_lie_in_a_row_cannot_be_shaded() -> None:
    quad = [(x / 320, y / 240) for x, y in QUADS[0]]
    shade = Shade([quad], width=320, height=240, spec=PatchSpec(16, 0.25, 2.0))
    with pytest.raises(ValueError, match="one after the other"):
        shade.apply(np.zeros((1, 32, 32, 3), np.uint8)[:, :, ::2])


def test_surroundings_beyond_the_picture_repeat_its_border() -> None:
    picture = np.full((100, 100, 3), 60, dtype=np.uint8)
    corner = [(0.0, 0.0), (0.1, 0.0), (0.1, 0.1), (0.0, 0.1)]
    patch = PatchCutter([corner], width=100, height=100, spec=TWO_LOOKS).cut(picture)[0]
    assert set(np.unique(patch)) == {30, 60}


def test_a_frame_of_another_size_is_refused() -> None:
    cutter = PatchCutter([], width=320, height=240, spec=SPEC)
    with pytest.raises(ValueError, match=r"240, 320, 3"):
        cutter.cut(smooth_picture(width=640, height=480))


def test_a_wrong_polygon_is_named_by_its_place() -> None:
    good = [(0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.2)]
    with pytest.raises(ValueError, match="polygon 1"):
        PatchCutter([good, [(0.0, 0.0)] * 4], width=320, height=240, spec=SPEC)


@pytest.mark.parametrize(
    ("size", "margin", "surroundings"),
    [(4, 0.2, 0.0), (48, -0.1, 0.0), (48, 1.5, 0.0), (48, 0.2, 0.5), (48, 0.2, 9.0)],
)
def test_a_wrong_geometry_is_refused(size: int, margin: float, surroundings: float) -> None:
    with pytest.raises(ValueError, match="patch"):
        PatchSpec(size=size, margin=margin, surroundings=surroundings)


@pytest.mark.parametrize("spec", [SPEC, PatchSpec(size=32, margin=0.25, surroundings=1.8)])
def test_the_finest_step_is_the_mean_way_between_neighbouring_samples(spec: PatchSpec) -> None:
    """Reckoned the long way: over all samples of the look that lies closest."""
    centres = np.arange(spec.size) + 0.5
    grid = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(1, -1, 2)
    for quad in QUADS:
        homography = patch_homography(canonical_corners(quad), spec)
        points = cv2.perspectiveTransform(grid, homography).reshape(spec.size, spec.size, 2)
        steps = [np.linalg.norm(np.diff(points, axis=axis), axis=-1).mean() for axis in (0, 1)]
        if spec.looks > 1:
            extent = np.ptp(np.array(quad), axis=0).max()
            steps.append(extent * spec.surroundings / spec.size)
        shares = [[(x / 320, y / 240) for x, y in quad]]
        found = finest_step(shares, width=320, height=240, spec=spec)
        assert found == pytest.approx(min(steps), rel=1e-6)
