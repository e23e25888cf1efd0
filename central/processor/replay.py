"""A recording decided again: the same frames, the same code, the same detections."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from central.layout.document import Layout
from central.ledger.records import CONFIDENCE_SCALE, Detection, Occupancy
from central.processor.camera_view import CameraView
from central.processor.classifier import Classifier
from central.processor.evidence import EvidenceFilter, EvidenceSettings
from central.processor.frames import Verdict
from central.processor.looks import EVERYTHING, Looks, ReuseSettings
from central.processor.pipeline import classify
from central.processor.recording import Record
from central.processor.scores import LastScores
from node.errors import UsageError


@dataclass(frozen=True)
class Replayed:
    """One detection, and of which frame; `sequence` 0: of none, the camera could not be seen."""

    camera_id: str
    boot_id: str
    sequence: int
    captured_at_us: int
    detection: Detection

    def line(self) -> str:
        """Return it as a JSON object: the same bytes for the same detection."""
        return json.dumps(
            {
                "camera": self.camera_id,
                "boot": self.boot_id,
                "sequence": self.sequence,
                "captured_at_us": self.captured_at_us,
                "spot": self.detection.spot_id,
                "occupancy": self.detection.occupancy.name.lower(),
                "confidence": self.detection.confidence / CONFIDENCE_SCALE,
            }
        )


class Replay:
    """One camera's recording with one layout and one classifier."""

    def __init__(self, layout: Layout, classifier: Classifier) -> None:
        self._layout = layout
        self._classifier = classifier
        self._view: CameraView | None = None
        self._filter: EvidenceFilter | None = None
        self._scores = LastScores(0)
        self._looks: Looks | None = None
        self._reuse = EVERYTHING
        self.model = ""  # that the recording was made with

    def run(self, records: Iterable[Record]) -> Iterator[Replayed]:
        """Yield detections in their order; raises UsageError where the layout does not fit."""
        for record in records:
            kind = record.what["kind"]
            if kind == "start":
                self._start(record.what)
            elif kind == "frame":
                yield from self._frame(record)
            elif kind == "blind":
                yield from self._blind(record.what)
            elif kind == "boot":
                self._forget_looks()
            elif kind == "hold":
                assert self._filter is not None
                self._filter.restart(record.what["spot"], Occupancy(record.what["occupancy"]))

    def _start(self, what: Mapping[str, Any]) -> None:
        camera = self._layout.camera(what["camera"])
        if camera is None:
            raise UsageError(
                f"--layout: lot '{self._layout.lot_id}' has no camera '{what['camera']}', which "
                "the recording is of; name the layout that was applied then"
            )
        spots = {region.spot_id for region in camera.regions}
        if spots != set(what["held"]):
            differing = min(spots ^ set(what["held"]))
            raise UsageError(
                f"--layout: camera '{camera.camera_id}' sees other spots than in the recording, "
                f"such as '{differing}'; name the layout of version {what['layout_version']}"
            )
        self.model = what["model"]
        before, self._view = (
            self._view,
            CameraView(
                camera,
                layout_version=what["layout_version"],
                spec=self._classifier.spec,
                aspect=None if self._view is None else self._view.aspect,
                plan_id=what["plan_id"],
            ),
        )
        held = {spot_id: Occupancy(value) for spot_id, value in what["held"].items()}
        settings = EvidenceSettings(**what["evidence"])
        self._filter = EvidenceFilter(settings, self._view.spot_ids, held, near=self._view.near())
        self._reuse = ReuseSettings(**what["reuse"]) if "reuse" in what else EVERYTHING
        if before is None or before.plan_id != self._view.plan_id:
            self._forget_looks()

    def _forget_looks(self) -> None:
        spots = len(self._view.spot_ids) if self._view else 0
        self._scores = LastScores(spots)
        self._looks = Looks.begin(self._reuse, spots)

    def _frame(self, record: Record) -> Iterator[Replayed]:
        assert self._view is not None
        assert self._filter is not None
        frame = record.frame
        result = classify(self._classifier, self._view, frame, self._looks)
        if isinstance(result, Verdict):
            raise UsageError(
                f"frame {frame.sequence} cannot be classified now ({result.detail}); replay it "
                "with the layout and a model of the same patches as then"
            )
        self._looks = result.looks or self._looks
        probabilities = self._scores.take(result, frame.captured_at_us)
        changes = self._filter.observe(
            probabilities, frame.captured_at_us, compared=frame.is_compared or result.differs
        )
        for detection in changes:
            yield Replayed(
                self._view.camera.camera_id,
                record.what["boot_id"],
                frame.sequence,
                frame.captured_at_us,
                detection,
            )

    def _blind(self, what: Mapping[str, Any]) -> Iterator[Replayed]:
        assert self._view is not None
        assert self._filter is not None
        for detection in self._filter.blind():
            yield Replayed(self._view.camera.camera_id, "", 0, what["at_us"], detection)
