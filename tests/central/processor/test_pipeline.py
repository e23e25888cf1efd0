"""The CPU work of one frame, and the workers that do it."""

import asyncio

import numpy as np
import numpy.typing as npt
import pytest

from central.layout.document import Camera, Region
from central.processor.camera_view import CameraView
from central.processor.decode import decode
from central.processor.frames import Frame, Outcome, Verdict
from central.processor.pipeline import Workers, classify
from central.processor.scores import Scores
from edge.encode import Colour, encode_patches
from models.patches import PatchCutter, PatchSpec
from models.strips import Cut
from tests.central.processor.fake_classifier import DEADLINE, BrightnessClassifier, GatedClassifier
from tests.central.processor.harness import HEIGHT, WIDTH, layout, picture


def view(camera: Camera | None = None) -> CameraView:
    return CameraView(
        camera or layout("cam1").cameras[0], layout_version=1, spec=BrightnessClassifier.spec
    )


def frame(state: str = "ovou", sequence: int = 1) -> Frame:
    return Frame(sequence, 1_000_000, WIDTH, HEIGHT, picture(state))


def test_one_score_a_spot_in_the_views_order() -> None:
    scores = classify(BrightnessClassifier(), view(), frame("ovou"))
    assert isinstance(scores, Scores)
    assert scores.probabilities == pytest.approx((0.94, 0.04, 0.94, 0.5), abs=0.02)


class _TwoLooks(BrightnessClassifier):
    spec = PatchSpec(size=16, margin=0.0, surroundings=2.0)


@pytest.mark.parametrize("fine", [(), (1,), (0, 3), (0, 1, 2, 3)])
@pytest.mark.parametrize("places", [(0, 1, 2, 3), (0, 1, 3)])
def test_a_strip_scores_as_the_frame_that_it_was_cut_from(
    places: tuple[int, ...], fine: tuple[int, ...]
) -> None:
    fine = tuple(place for place in fine if place in places)
    first, second, *others = layout("cam1").cameras[0].regions
    a, b, c, d = second.corners
    flat = Region(
        second.spot_id, (a, b, (c[0], c[1] // 2), (d[0], d[1] // 2))
    )  # a shade of its own
    camera = Camera("cam1", regions=(first, flat, *others))
    seen = CameraView(camera, layout_version=1, spec=_TwoLooks.spec)
    whole = classify(_TwoLooks(), seen, frame("ovou"))
    assert isinstance(whole, Scores)
    polygons = [region.polygon for region in camera.regions]
    cutter = PatchCutter(polygons, width=WIDTH, height=HEIGHT, spec=_TwoLooks.spec)
    pixels = decode(picture("ovou"), width=WIDTH, height=HEIGHT)
    assert isinstance(pixels, np.ndarray)
    coarse = [place for place in places if place not in fine]
    jpegs = [
        encode_patches(cutter.sample(pixels)[list(some)], quality=95, colour=Colour.FULL)
        for some in (coarse, fine)
    ]
    cut = Cut(seen.plan_id, places, fine, len(jpegs[0]) if fine else 0)
    scores = classify(_TwoLooks(), seen, Frame(1, 0, WIDTH, HEIGHT, b"".join(jpegs), cut=cut))
    assert isinstance(scores, Scores)
    assert scores.places == places
    expected = np.array(whole.probabilities)[list(places)]
    assert scores.probabilities == pytest.approx(expected, abs=0.01)


def test_a_camera_that_sees_no_spot_is_classified_all_the_same() -> None:
    scores = classify(BrightnessClassifier(), view(Camera("cam1")), frame())
    assert isinstance(scores, Scores)
    assert not len(scores.probabilities)


async def test_a_bug_in_a_worker_reaches_who_waits_for_it() -> None:
    class Broken(BrightnessClassifier):
        def probabilities(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
            raise LookupError("a bug")

    pool = Workers(Broken(), workers=1)
    with pytest.raises(LookupError, match="a bug"):
        await pool.classify(view(), frame())
    pool.close()


def test_a_region_that_cannot_be_cut_fails_the_frame_not_the_processor() -> None:
    flat = Camera("cam1", regions=(Region("A1", ((0, 0), (9, 0), (18, 0), (27, 0))),))
    verdict = classify(BrightnessClassifier(), view(flat), frame())
    assert isinstance(verdict, Verdict)
    assert verdict.outcome is Outcome.FAILED
    assert "polygon 0" in verdict.detail


@pytest.mark.parametrize("workers", [1, 2])
async def test_only_so_many_frames_are_in_work(workers: int) -> None:
    classifier = GatedClassifier()
    pool = Workers(classifier, workers=workers)
    picked: list[int] = []

    async def camera(number: int) -> None:
        async with pool.turn:
            picked.append(number)
            await pool.classify(view(), frame())

    tasks = [asyncio.create_task(camera(number)) for number in range(10)]
    for _ in range(5):
        await asyncio.sleep(0)  # let every camera ask for its turn
    assert picked == list(range(workers + 1)), "one frame waits for a worker, the rest their turn"
    await classifier.wait_inside(workers)
    classifier.gate.set()
    async with asyncio.timeout(DEADLINE):
        await asyncio.gather(*tasks)
    assert picked == list(range(10)), "turns are granted in the order of asking"
    assert classifier.most == workers
    pool.close()
