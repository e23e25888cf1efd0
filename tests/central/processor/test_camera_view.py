"""Regions on frames of one size, of another, and of another shape."""

import pytest

from central.layout.document import Camera, Region
from central.processor.camera_view import CameraView, Sampler, WrongAspect
from models.patches import PatchSpec
from tests.central.processor.fake_classifier import BrightnessClassifier
from tests.central.processor.harness import layout, region

SPEC = BrightnessClassifier.spec
CAMERA = layout("cam1").cameras[0]


def view(camera: Camera = CAMERA) -> CameraView:
    return CameraView(camera, layout_version=1, spec=SPEC)


def test_maps_are_built_once_a_size() -> None:
    seen = view()
    first = seen.sampler(640, 480)
    assert isinstance(first, Sampler)
    assert seen.sampler(640, 480) is first
    smaller = seen.sampler(320, 240)
    assert isinstance(smaller, Sampler)
    assert (smaller.reduce, smaller.cutter.width, smaller.cutter.height) == (2, 160, 120)


@pytest.mark.parametrize(
    ("size", "right"),
    [((854, 480), True), ((1920, 1080), True), ((640, 480), False), ((720, 1280), False)],
)
def test_the_first_frame_says_which_shape_the_regions_are_for(
    size: tuple[int, int], right: bool
) -> None:
    seen = view()
    seen.sampler(1280, 720)
    result = seen.sampler(*size)
    assert isinstance(result, Sampler if right else WrongAspect)
    if isinstance(result, WrongAspect):
        assert f"{size[0]}x{size[1]}" in result.reason
    assert isinstance(seen.sampler(1280, 720), Sampler), "the right shape is taken again"


def test_a_new_layout_keeps_the_shape_only_if_the_regions_are_the_same() -> None:
    seen = view()
    seen.sampler(1280, 720)
    renamed = Camera("cam1", name="gate", regions=CAMERA.regions)
    assert isinstance(seen.successor(renamed, layout_version=2).sampler(640, 480), WrongAspect)
    redrawn = Camera("cam1", regions=(region(0, shift=0.01),))
    successor = seen.successor(redrawn, layout_version=2)
    assert isinstance(successor.sampler(640, 480), Sampler)
    assert successor.spot_ids == ("A1",)
    assert successor.layout_version == 2


def test_a_region_that_cannot_be_cut_names_its_camera() -> None:
    flat = Camera("cam1", regions=(Region("A1", ((0, 0), (9, 0), (18, 0), (27, 0))),))
    with pytest.raises(ValueError, match="camera 'cam1': polygon 0"):
        view(flat).sampler(640, 480)


def test_a_picture_is_decoded_no_smaller_than_the_finest_patch_needs() -> None:
    spec = PatchSpec(size=32, margin=0.0)
    seen = CameraView(CAMERA, layout_version=1, spec=spec)
    # The regions are 0.18 of the width and 0.4 of the height: the width is the finer side.
    for width, reduce in ((170, 1), (370, 2), (720, 4), (1500, 8), (3000, 8)):
        sampler = seen.sampler(width, width * 3 // 4)
        assert isinstance(sampler, Sampler)
        assert sampler.reduce == reduce
        assert sampler.cutter.width == -(-width // reduce)


def test_maps_for_whole_pictures_are_not_kept_where_strips_come() -> None:
    seen = view()
    first = seen.sampler(640, 480)
    shade = seen.shade(640, 480)
    assert seen.shade(640, 480) is shade
    assert seen.sampler(640, 480) is not first
