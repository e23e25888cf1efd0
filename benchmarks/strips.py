"""Strips beside whole frames: bytes, and what the classifier makes of them.

All goes through the camera node's own encoder and the processor's own decoding. A spot of which a
look leaves the processor in doubt is shown more finely from the next strip on, so two strips of
each picture are compared: the first that a processor gets, and the one after its answer.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.machine import this_machine
from benchmarks.options import data_option, report_options
from benchmarks.report import Report, Row
from central.layout.document import MILLION, Camera, Corner, Region
from central.layout.toml import read_layout
from central.processor.camera_view import CameraView
from central.processor.frames import Frame, Verdict
from central.processor.pipeline import classify
from central.processor.scores import Scores
from edge.encoder import Encoder, Send, SendSettings
from edge.frames import CapturedFrame, EncodedFrame, Image
from edge.gate import GateSettings
from edge.plan import CutPlan
from models.classifier import SpotClassifier
from models.corners import canonical_corners
from models.metrics import Thresholds
from models.strips import Cut
from node.errors import OperationError
from sample_videos import NORTH

_SETS = ("pklot", "cnrext", "acpds")
_OPEN = GateSettings(threshold=0.0)
_WHOLE = SendSettings(send=Send.FRAMES)
_STRIPS = SendSettings(gate=_OPEN, picture_s=float("inf"))
_HD = (1920, 1080)
_Scores = npt.NDArray[np.float64]


@dataclass
class Differences:
    """Sums over frames: spots on which a strip and the frame differ."""

    other_side: int = 0  # of one half
    other_observation: int = 0  # of occupied, vacant, unsure

    def count(self, thresholds: Thresholds, by_frame: _Scores, by_strip: _Scores) -> None:
        """Add one picture's spots."""
        limits = (thresholds.vacant_below, thresholds.occupied_above)
        told, other = (np.digitize(scores, limits) for scores in (by_frame, by_strip))
        self.other_side += int(((by_frame > 0.5) != (by_strip > 0.5)).sum())
        self.other_observation += int((told != other).sum())

    def add(self, more: "Differences") -> None:
        """Add the sums of other frames."""
        self.other_side += more.other_side
        self.other_observation += more.other_observation


@dataclass
class Tried:
    """Sums over frames: spots that were classified, and bytes."""

    views: list[int] = field(default_factory=list)  # spots of each
    first: Differences = field(default_factory=Differences)
    after: Differences = field(default_factory=Differences)
    fine: int = 0  # spots shown finely in the second strip
    first_bytes: int = 0
    strip_bytes: int = 0  # of the second strip
    frame_bytes: int = 0

    @property
    def spots(self) -> int:
        """Spots that were classified."""
        return sum(self.views)

    def add(self, more: "Tried") -> None:
        """Add the sums of other frames."""
        self.views += more.views
        self.first.add(more.first)
        self.after.add(more.after)
        self.fine += more.fine
        self.first_bytes += more.first_bytes
        self.strip_bytes += more.strip_bytes
        self.frame_bytes += more.frame_bytes


@click.command()
@data_option("Folder with the frames of PKLot, CNR-EXT and ACPDS.")
@click.option(
    "--step",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    show_envvar=True,
    help="Take every n-th frame.",
)
@click.option(
    "--start",
    type=click.IntRange(0, 999),
    default=0,
    show_default=True,
    show_envvar=True,
    help="Frames to leave out before the first: with --step, other frames.",
)
@report_options
def benchmark(data: Path, step: int, start: int) -> Report:
    """Compare strips with whole frames, both as sent by default."""
    return Report(machine=this_machine(), rows=tuple(strips_rows(data, step, start=start)))


def strips_rows(data: Path, step: int, *, start: int = 0) -> list[Row]:
    """Compare on every `step`-th of the frames in `data`; raises OperationError."""
    cv2.setNumThreads(1)
    classifier = SpotClassifier.load()
    rows: list[Row] = []
    total = Tried()
    for name in _SETS:
        tried = Tried()
        for image, camera in _labelled(data, name, slice(start, None, step)):
            _compare(classifier, image, camera, tried)
        rows += _agreement(name, tried)
        total.add(tried)
    rows += _agreement("all three", total, goal=0.2)
    hd = Tried()
    for image, camera in _labelled(data, "pklot", slice(start, None, step * 4)):
        _compare(classifier, np.asarray(cv2.resize(image, _HD), np.uint8), camera, hd)
    share = hd.strip_bytes / hd.frame_bytes
    what = f"every patch, {hd.spots / len(hd.views):.0f} spots, PKLot enlarged to 1080p"
    rows += [
        Row(f"{what}: of a frame's bytes", "share", share, goal="0.2", met=share <= 0.2),
        Row(f"{what}: finely", "%", 100.0 * hd.fine / hd.spots),
    ]
    return rows + [_gated(classifier, camera_id) for camera_id in NORTH.clips]


def _labelled(data: Path, name: str, which: slice) -> Iterator[tuple[Image, Camera]]:
    listed = data / "frames" / f"{name}.json"
    try:
        images = json.loads(listed.read_text(encoding="utf-8"))["images"]
    except OSError as error:
        raise OperationError(f"{listed}: {error.strerror}; say where with --data") from error
    for entry in images[which]:
        image = cv2.imread(str(data / entry["image"]))
        if image is None:
            raise OperationError(f"{data / entry['image']}: cannot be read")
        size = (entry["width"], entry["height"])
        regions = tuple(
            Region(str(number), corners)
            for number, spot in enumerate(entry["spots"])
            if (corners := _corners(spot["polygon"], size)) is not None
        )
        if regions:
            yield np.asarray(image, np.uint8), Camera("camera", regions=regions)


def _corners(
    polygon: Sequence[Sequence[float]], size: tuple[int, int]
) -> tuple[Corner, Corner, Corner, Corner] | None:
    try:
        canonical_corners(polygon)
    except ValueError:
        return None  # no quadrilateral: cannot be cut
    a, b, c, d = ((round(x / size[0] * MILLION), round(y / size[1] * MILLION)) for x, y in polygon)
    return a, b, c, d


def _plan(view: CameraView) -> CutPlan:
    regions = tuple(region.polygon for region in view.camera.regions)
    return CutPlan(view.plan_id, view.layout_version, view.spec, regions)


def _compare(classifier: SpotClassifier, image: Image, camera: Camera, tried: Tried) -> None:
    view = CameraView(camera, layout_version=1, spec=classifier.spec)
    whole = _sent(_sender(_WHOLE, view), image, second=0)
    by_frame = np.array(_scores(classifier, view, whole).probabilities)
    encoder = _sender(_STRIPS, view)
    first = _sent(encoder, image, second=0)
    scores = _scores(classifier, view, first)
    tried.first.count(classifier.thresholds, by_frame, np.array(scores.probabilities))
    encoder.answered(1, taken=True, doubtful=scores.doubtful())
    strip = _sent(encoder, image, second=1)
    scores = _scores(classifier, view, strip)
    tried.after.count(classifier.thresholds, by_frame, np.array(scores.probabilities))
    tried.fine += len(strip.cut.fine) if strip.cut is not None else 0
    tried.first_bytes += len(first.jpeg)
    tried.strip_bytes += len(strip.jpeg)
    tried.frame_bytes += len(whole.jpeg)
    tried.views.append(len(by_frame))


def _sender(settings: SendSettings, view: CameraView) -> Encoder:
    encoder = Encoder(settings)
    encoder.begin(_plan(view))
    return encoder


def _sent(encoder: Encoder, image: Image, *, second: int) -> EncodedFrame:
    frame = CapturedFrame(image, 0, 0)
    sent = encoder.encode(frame, sequence=second + 1, now=float(second))
    assert sent is not None
    return sent


def _scores(classifier: SpotClassifier, view: CameraView, sent: EncodedFrame) -> Scores:
    cut = sent.cut
    told = None if cut is None else Cut(cut.plan_id, cut.places, cut.fine, cut.fine_at)
    frame = Frame(1, 0, sent.width, sent.height, sent.jpeg, cut=told)
    scores = classify(classifier, view, frame)
    if isinstance(scores, Verdict):
        raise OperationError(f"not classified: {scores.detail}")
    return scores


def _agreement(name: str, tried: Tried, *, goal: float | None = None) -> Iterator[Row]:
    def percent(count: int) -> float:
        return 100.0 * count / tried.spots

    share = percent(tried.after.other_side)
    yield Row(
        f"{name}, {tried.spots} spots: occupied by one, vacant by the other",
        "%",
        share,
        goal=None if goal is None else f"{goal}",
        met=None if goal is None else share <= goal,
    )
    yield Row(f"{name}: the same of a first strip", "%", percent(tried.first.other_side))
    other = percent(tried.after.other_observation)
    yield Row(f"{name}: another observation (occupied, vacant, unsure)", "%", other)
    other = percent(tried.first.other_observation)
    yield Row(f"{name}: the same of a first strip", "%", other)
    yield Row(f"{name}: spots shown finely", "%", percent(tried.fine))
    share = tried.strip_bytes / tried.frame_bytes
    yield Row(f"{name}: every patch, of a frame's bytes", "share", share)
    share = tried.first_bytes / tried.frame_bytes
    yield Row(f"{name}: the same of a first strip", "share", share)


def _gated(classifier: SpotClassifier, camera_id: str) -> Row:
    """One frame a second, whole pictures and refreshes included, as by default.

    A clip's frame counts as a second, so its short day lasts ten minutes, in which a third of the
    spots change: more sun and more traffic than any real lot has.
    """
    camera = read_layout(NORTH.layout).camera(camera_id)
    assert camera is not None
    view = CameraView(camera, layout_version=1, spec=classifier.spec)
    gated, whole = _sender(SendSettings(), view), _sender(_WHOLE, view)
    video = cv2.VideoCapture(str(NORTH.clips[camera_id]))
    second = 0
    while video.grab():
        _, image = video.retrieve()
        large = np.asarray(cv2.resize(image, _HD), np.uint8)
        _sent(whole, large, second=second)
        sent = _sent(gated, large, second=second)
        doubtful = _scores(classifier, view, sent).doubtful()
        gated.answered(second + 1, taken=True, doubtful=doubtful)
        second += 1
    video.release()
    share = gated.counts.bytes / whole.counts.bytes
    return Row(
        f"gated, {camera_id}, a day in ten minutes, 1080p, {len(camera.regions)} spots: of frames",
        "share",
        share,
        goal="0.03",
        met=share <= 0.03,
    )
