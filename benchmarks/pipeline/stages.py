"""The bare stages and the peers, one after the other in one thread, by its own CPU time.

CPU time and turns of a frame each, so that what else runs on the machine hits all alike.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime as ort

from benchmarks.malexnet import malexnet
from benchmarks.pipeline.scene import HEIGHT, WIDTH, Scene
from benchmarks.pipeline.sources import ALWAYS, DOUBTED
from central.processor.camera_view import CameraView, Sampler
from central.processor.decode import decode
from central.processor.frames import Frame
from central.processor.pipeline import classify
from central.processor.scores import Scores
from edge.encoder import Encoder, Send, SendSettings
from edge.frames import LIVE, CapturedFrame, EncodedFrame
from edge.plan import CutPlan
from models.classifier import SpotClassifier
from models.patches import Image
from models.strips import Cut
from node.errors import UsageError

Stage = Callable[[int], object]
"""Does all the work of one frame, given its number."""


def full_frame(classifier: SpotClassifier, scene: Scene) -> Stage:
    """Return the processor's own work on a whole picture."""
    view = CameraView(scene.camera, layout_version=1, spec=classifier.spec)

    def stage(number: int) -> object:
        jpeg = scene.jpegs[number % len(scene.jpegs)]
        scores = classify(classifier, view, Frame(number, number, WIDTH, HEIGHT, jpeg))
        assert isinstance(scores, Scores), scores
        return scores

    return stage


def bare(classifier: SpotClassifier, scene: Scene) -> Stage:
    """Return the same without anything round it: decode, cut, run."""
    view = CameraView(scene.camera, layout_version=1, spec=classifier.spec)
    sampler = view.sampler(WIDTH, HEIGHT)
    assert isinstance(sampler, Sampler)

    def stage(number: int) -> object:
        jpeg = scene.jpegs[number % len(scene.jpegs)]
        picture = decode(jpeg, width=WIDTH, height=HEIGHT, reduce=sampler.reduce)
        assert isinstance(picture, np.ndarray)
        return classifier.probabilities(sampler.cutter.cut(picture))

    return stage


def strip(classifier: SpotClassifier, scene: Scene) -> Stage:
    """Return the processor's work on strips of all spots that cameras cut."""
    strips = strips_of(classifier, scene)
    view = CameraView(scene.camera, layout_version=1, spec=classifier.spec)

    def stage(number: int) -> object:
        strip = strips[number % len(strips)]
        assert strip.cut is not None
        cut = Cut(view.plan_id, strip.cut.places, strip.cut.fine, strip.cut.fine_at)
        frame = Frame(number, number, strip.width, strip.height, strip.jpeg, cut=cut)
        scores = classify(classifier, view, frame)
        assert isinstance(scores, Scores), scores
        return scores

    return stage


def strips_of(classifier: SpotClassifier, scene: Scene) -> tuple[EncodedFrame, ...]:
    """Return each picture's strip as a camera node makes it that has been sending for a while."""
    polygons = tuple(region.polygon for region in scene.camera.regions)
    encoder = Encoder(SendSettings(send=Send.STRIPS, private=True, gate=ALWAYS))
    encoder.begin(CutPlan(1, 1, classifier.spec, polygons))
    pictures = [decode(jpeg, width=WIDTH, height=HEIGHT) for jpeg in scene.jpegs]
    found = []
    for number, picture in enumerate((pictures[0], *pictures)):
        assert isinstance(picture, np.ndarray)
        captured = CapturedFrame(picture, number, LIVE)
        strip = encoder.encode(captured, sequence=number, now=float(number))
        assert strip is not None
        encoder.answered(number, taken=True, doubtful=DOUBTED)
        found.append(strip)
    return tuple(found[1:])  # the first one's answer came after it


def per_spot(scene: Scene) -> Stage:
    """Return usual practice: decode all, then a crop of 224 px and a run of mAlexNet a spot."""
    session = _session(malexnet())
    name = session.get_inputs()[0].name
    boxes = [_box(region.polygon) for region in scene.camera.regions]

    def stage(number: int) -> object:
        picture = _whole(scene.jpegs[number % len(scene.jpegs)])
        found = []
        for left, top, right, bottom in boxes:
            crop = cv2.resize(picture[top:bottom, left:right], (224, 224))
            tensor = cv2.dnn.blobFromImage(crop, 1 / 255.0, swapRB=True)
            found.append(session.run(None, {name: tensor}))
        return found

    return stage


def detector(scene: Scene, file: Path) -> Stage:
    """Return a whole-frame detector: decode all, letterbox, one run. Its boxes are not looked at.

    Raises UsageError for a network that does not take float32 1x3xSxS.
    """
    session = _session(file)
    (wanted,) = session.get_inputs()[:1]
    shape = wanted.shape
    if wanted.type != "tensor(float)" or len(shape) != 4 or shape[2] != shape[3]:
        raise UsageError(
            f"--detector {file}: takes {wanted.type} {shape}, needed is float32 1x3xSxS"
        )
    side = int(shape[2])

    def stage(number: int) -> object:
        picture = _whole(scene.jpegs[number % len(scene.jpegs)])
        height = side * HEIGHT // WIDTH
        small = cv2.resize(picture, (side, height))
        canvas = np.full((side, side, 3), 114, np.uint8)
        canvas[:height] = small
        tensor = cv2.dnn.blobFromImage(canvas, 1 / 255.0, swapRB=True)
        return session.run(None, {wanted.name: tensor})

    return stage


def _whole(jpeg: bytes) -> Image:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def _box(polygon: tuple[tuple[float, float], ...]) -> tuple[int, int, int, int]:
    xs, ys = [x * WIDTH for x, _ in polygon], [y * HEIGHT for _, y in polygon]
    return int(min(xs)), int(min(ys)), int(max(xs)), int(max(ys))


def _session(model: Path | bytes) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    source = model if isinstance(model, bytes) else str(model)
    try:
        return ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own errors share no other base class
        reason = str(error).splitlines()[0]
        raise UsageError(f"--detector {model!r}: no network that can run here: {reason}") from error


def cpu_ms(stages: Mapping[str, Stage], *, rounds: int) -> dict[str, list[float]]:
    """Return each stage's CPU time a frame in every round, milliseconds; they take turns.

    A turn is one frame that does not count, so that nobody pays for the caches that another has
    filled, and two that do.
    """
    cv2.setNumThreads(1)
    for stage in stages.values():
        stage(0)
    found: dict[str, list[float]] = {name: [] for name in stages}
    for number in range(rounds):
        for name, stage in stages.items():
            stage(number)
            begin = time.thread_time()
            stage(number + 1)
            stage(number + 2)
            found[name].append((time.thread_time() - begin) / 2 * 1e3)
    return found


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Return the median of the ratios within each round: theirs over ours."""
    return statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
