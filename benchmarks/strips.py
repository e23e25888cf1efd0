"""Strips beside whole frames: bytes, and what the classifier makes of them.

All goes through the camera node's own encoder and the processor's own decoding.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import click
import cv2
import numpy as np

from benchmarks.machine import this_machine
from benchmarks.options import report_options
from benchmarks.report import Report, Row
from central.layout.document import MILLION, Camera, Corner, Region
from central.layout.toml import read_layout
from central.processor.camera_view import CameraView
from central.processor.frames import Cut, Frame, Verdict
from central.processor.pipeline import classify
from edge.encoder import Encoder, Send, SendSettings
from edge.frames import CapturedFrame, EncodedFrame, Image
from edge.gate import GateSettings
from edge.plan import CutPlan
from models.classifier import SpotClassifier
from models.corners import canonical_corners
from node.errors import OperationError
from sample_videos import NORTH

_SETS = ("pklot", "cnrext", "acpds")
_OPEN = GateSettings(threshold=0.0)
_WHOLE = SendSettings(send=Send.FRAMES)
_STRIPS = SendSettings(gate=_OPEN, picture_s=float("inf"))
_HD = (1920, 1080)


@dataclass
class Tried:
    """Sums over frames: spots that were classified, and bytes."""

    spots: int = 0
    other_side: int = 0  # of one half
    other_observation: int = 0  # of occupied, vacant, unsure
    strip_bytes: int = 0
    frame_bytes: int = 0
    views: list[int] = field(default_factory=list)


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("../shared/data"),
    show_default=True,
    show_envvar=True,
    help="Folder with the frames of PKLot, CNR-EXT and ACPDS.",
)
@click.option(
    "--step",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    show_envvar=True,
    help="Take every n-th frame.",
)
@report_options
def benchmark(data: Path, step: int) -> Report:
    """Compare strips with whole frames at the same JPEG quality."""
    return Report(machine=this_machine(), rows=tuple(strips_rows(data, step)))


def strips_rows(data: Path, step: int) -> list[Row]:
    """Compare on every `step`-th of the frames in `data`; raises OperationError."""
    cv2.setNumThreads(1)
    classifier = SpotClassifier.load()
    rows: list[Row] = []
    total = Tried()
    for name in _SETS:
        tried = Tried()
        for image, camera in _labelled(data, name, step):
            _compare(classifier, image, camera, tried)
        rows += _agreement(name, tried)
        total.spots += tried.spots
        total.other_side += tried.other_side
        total.other_observation += tried.other_observation
    rows += _agreement("all three", total, goal=0.2)
    hd = Tried()
    for image, camera in _labelled(data, "pklot", step * 4):
        _compare(classifier, np.asarray(cv2.resize(image, _HD), np.uint8), camera, hd)
    share = hd.strip_bytes / hd.frame_bytes
    spots = hd.spots / len(hd.views)
    rows.append(
        Row(
            f"every patch, {spots:.0f} spots, PKLot enlarged to 1080p: of a frame's bytes",
            "share",
            share,
            goal="0.2",
            met=share <= 0.2,
        )
    )
    return rows + [_gated(classifier, camera_id) for camera_id in NORTH.clips]


def _labelled(data: Path, name: str, step: int) -> Iterator[tuple[Image, Camera]]:
    listed = data / "frames" / f"{name}.json"
    try:
        images = json.loads(listed.read_text(encoding="utf-8"))["images"]
    except OSError as error:
        raise OperationError(f"{listed}: {error.strerror}; say where with --data") from error
    for entry in images[::step]:
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
    whole = _sent(_WHOLE, view, image)
    strip = _sent(_STRIPS, view, image)
    by_frame = _scores(classifier, view, whole)
    by_strip = _scores(classifier, view, strip)
    tried.spots += len(by_frame)
    tried.other_side += int(((by_frame > 0.5) != (by_strip > 0.5)).sum())
    limits = (classifier.thresholds.vacant_below, classifier.thresholds.occupied_above)
    tried.other_observation += int(
        (np.digitize(by_frame, limits) != np.digitize(by_strip, limits)).sum()
    )
    tried.strip_bytes += len(strip.jpeg)
    tried.frame_bytes += len(whole.jpeg)
    tried.views.append(len(by_frame))


def _sent(settings: SendSettings, view: CameraView, image: Image) -> EncodedFrame:
    encoder = Encoder(settings)
    encoder.begin(_plan(view))
    sent = encoder.encode(CapturedFrame(image, 0, 0), sequence=1, now=0.0)
    assert sent is not None
    return sent


def _scores(
    classifier: SpotClassifier, view: CameraView, sent: EncodedFrame
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    cut = None if sent.cut is None else Cut(sent.cut.plan_id, sent.cut.places)
    frame = Frame(1, 0, sent.width, sent.height, sent.jpeg, cut=cut)
    scores = classify(classifier, view, frame)
    if isinstance(scores, Verdict):
        raise OperationError(f"not classified: {scores.detail}")
    return np.array(scores.probabilities)


def _agreement(name: str, tried: Tried, *, goal: float | None = None) -> Iterator[Row]:
    share = 100.0 * tried.other_side / tried.spots
    yield Row(
        f"{name}, {tried.spots} spots: occupied by one, vacant by the other",
        "%",
        share,
        goal=None if goal is None else f"{goal}",
        met=None if goal is None else share <= goal,
    )
    other = 100.0 * tried.other_observation / tried.spots
    yield Row(f"{name}: another observation (occupied, vacant, unsure)", "%", other)
    if tried.frame_bytes:
        share = tried.strip_bytes / tried.frame_bytes
        yield Row(f"{name}: every patch, of a frame's bytes", "share", share)


def _gated(classifier: SpotClassifier, camera_id: str) -> Row:
    """One frame a second, whole pictures and refreshes included, as by default.

    A clip's frame counts as a second, so its short day lasts ten minutes, in which a third of the
    spots change: more sun and more traffic than any real lot has.
    """
    camera = read_layout(NORTH.layout).camera(camera_id)
    assert camera is not None
    view = CameraView(camera, layout_version=1, spec=classifier.spec)
    encoders = {settings: Encoder(settings) for settings in (SendSettings(), _WHOLE)}
    for encoder in encoders.values():
        encoder.begin(replace(_plan(view)))
    video = cv2.VideoCapture(str(NORTH.clips[camera_id]))
    second = 0
    while video.grab():
        _, image = video.retrieve()
        large = np.asarray(cv2.resize(image, _HD), np.uint8)
        for encoder in encoders.values():
            encoder.encode(CapturedFrame(large, 0, 0), sequence=second + 1, now=float(second))
        second += 1
    video.release()
    gated, whole = (encoder.counts.bytes for encoder in encoders.values())
    share = gated / whole
    return Row(
        f"gated, {camera_id}, a day in ten minutes, 1080p, {len(camera.regions)} spots: of frames",
        "share",
        share,
        goal="0.03",
        met=share <= 0.03,
    )
