"""What leaves a processor in doubt of the strips that one encoder makes."""

from collections.abc import Collection

import numpy as np

from central.layout.document import Camera
from central.processor.camera_view import CameraView
from central.processor.doubt import is_doubtful
from central.processor.frames import Frame
from central.processor.pipeline import classify
from central.processor.scores import LastScores, Scores
from edge.frames import EncodedFrame
from models.classifier import SpotClassifier
from models.strips import Cut

_SECOND_US = 1_000_000


class Doubts:
    """Answers an encoder as a processor does, but names as many places as are usual, at least."""

    def __init__(self, camera: Camera, plan_id: int, *, usual: Collection[int]) -> None:
        """usual: as many places as are to be named; from these, where fewer are doubtful."""
        self._classifier = SpotClassifier.load(None, threads=1)
        spec = self._classifier.spec
        self._view = CameraView(camera, layout_version=1, spec=spec, plan_id=plan_id)
        self._last = LastScores(len(camera.regions))
        self._usual = usual

    def after(self, strip: EncodedFrame, second: int) -> Collection[int]:
        """Return what is doubtful once a strip has come."""
        assert strip.cut is not None
        cut = Cut(strip.cut.plan_id, strip.cut.places, strip.cut.fine, strip.cut.fine_at)
        at_us = second * _SECOND_US
        frame = Frame(second, at_us, strip.width, strip.height, strip.jpeg, cut=cut)
        scores = classify(self._classifier, self._view, frame)
        assert isinstance(scores, Scores), scores
        found = set(np.flatnonzero(is_doubtful(self._last.take(scores, at_us))).tolist())
        others = [place for place in self._usual if place not in found]
        return found | set(others[: max(0, len(self._usual) - len(found))])
