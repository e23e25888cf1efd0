"""A rendered day as strips: cut, compared and compressed by the camera node's own encoder."""

from collections.abc import Callable

from benchmarks.day.frames import RenderedDay
from benchmarks.day.rendered import SECOND_US, scores_of_day
from benchmarks.day.scores import DayScores
from central.layout.document import MILLION, Camera, Corner, Region
from central.processor.camera_view import CameraView
from central.processor.classifier import model_name
from central.processor.decode import Undecodable, decode
from central.processor.frames import Frame
from central.processor.looks import EVERYTHING, Looks, ReuseSettings
from central.processor.neighbours import neighbours
from central.processor.pipeline import classify
from central.processor.scores import LastScores, Scores
from edge.encoder import Encoder, Send, SendSettings
from edge.frames import LIVE, CapturedFrame
from edge.plan import CutPlan
from models.classifier import SpotClassifier
from models.strips import Cut


def strip_scores(
    classifier: SpotClassifier,
    day: RenderedDay,
    *,
    reuse: ReuseSettings = EVERYTHING,
    progress: Callable[[], None] = lambda: None,
) -> DayScores:
    """Classify each strip of a day; what one leaves out keeps its last score."""
    view = CameraView(_camera(day), layout_version=1, spec=classifier.spec)
    polygons = tuple(region.polygon for region in view.camera.regions)
    encoder = Encoder(SendSettings(send=Send.STRIPS, private=True))
    encoder.begin(CutPlan(view.plan_id, 1, classifier.spec, polygons))
    looks, last, found = Looks.begin(reuse, len(polygons)), LastScores(len(polygons)), []
    for number, jpeg in enumerate(day.jpegs):
        at_us = number * SECOND_US
        picture = decode(jpeg, width=day.width, height=day.width * 9 // 16)
        assert not isinstance(picture, Undecodable), picture.reason
        captured = CapturedFrame(picture, at_us, LIVE)
        strip = encoder.encode(captured, sequence=number + 1, now=float(number))
        assert strip is not None
        assert strip.cut is not None
        cut = Cut(view.plan_id, strip.cut.places, strip.cut.fine, strip.cut.fine_at)
        frame = Frame(number + 1, at_us, strip.width, strip.height, strip.jpeg, cut=cut)
        scores = classify(classifier, view, frame, looks)
        assert isinstance(scores, Scores), scores.detail
        looks = scores.looks or looks
        encoder.answered(number + 1, taken=True, doubtful=scores.doubtful())
        found.append(last.take(scores, at_us))
        progress()
    return scores_of_day(day, found, near=neighbours(polygons), model=model_name(classifier))


def _camera(day: RenderedDay) -> Camera:
    spots = zip(day.spot_ids, day.polygons.tolist(), strict=True)
    return Camera("day", regions=tuple(Region(spot, _corners(quad)) for spot, quad in spots))


def _corners(quad: list[list[float]]) -> tuple[Corner, Corner, Corner, Corner]:
    a, b, c, d = ((round(x * MILLION), round(y * MILLION)) for x, y in quad)
    return a, b, c, d
