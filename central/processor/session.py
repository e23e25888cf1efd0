"""One camera across its streams: regions, evidence, beliefs and counts.

Lives in the event loop; only `view` and `looks` are handed to a worker thread.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from central.ledger.records import (
    CameraReport,
    Detection,
    DetectionBatch,
    IdempotencyKey,
    OccupancyChange,
)
from central.processor.beliefs import Beliefs, agree
from central.processor.camera_view import CameraView
from central.processor.evidence import EvidenceFilter, EvidenceSettings
from central.processor.frames import CameraWord, Frame, Outcome, Verdict
from central.processor.known_lots import CameraEntry
from central.processor.looks import Looks, ReuseSettings
from central.processor.metrics import Metrics
from central.processor.realign import Proposal
from central.processor.recording import DecidedBy, Recordings
from central.processor.scores import LastScores, Scores
from central.processor.sight import Sight
from central.processor.silence import Silence
from central.processor.tally import Tally
from models.patches import PatchSpec

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SessionSettings:
    """What all cameras of a processor have in common."""

    evidence: EvidenceSettings
    spec: PatchSpec
    model: str  # first 16 hex digits of the model file's SHA-256
    processor_boot_id: str
    reuse: ReuseSettings = field(default_factory=ReuseSettings)
    metrics: Metrics = field(default_factory=Metrics)
    recordings: Recordings | None = None  # where pictures are recorded; None: nowhere


class CameraSession:
    """Takes frames' scores and the ledger's word, and forms what is to be committed (`beliefs`).

    Invariant: the filter's occupancy of a spot is the newest of pending, under way, committed.
    """

    def __init__(self, entry: CameraEntry, settings: SessionSettings, silence: Silence) -> None:
        self.on_belief: Callable[[], None] = lambda: None  # called when `beliefs` has grown
        self.camera_id = entry.camera.camera_id
        self.lot_id = entry.lot_id
        self.silence = silence
        self.tally = Tally()
        self.beliefs = Beliefs(entry.held, camera=entry.report)
        self.view = CameraView(
            entry.camera, layout_version=entry.layout_version, spec=settings.spec
        )
        self.on_proposal: Callable[[Proposal], None] = lambda _proposal: None
        self.on_view: Callable[[], None] = lambda: None  # called when `view` is another
        self._settings = settings
        self.metrics = settings.metrics
        self.looks: Looks | None = None  # that a worker compares the next frame with
        self._forget_looks()
        self._sight = Sight()
        self._own_batches = 0  # of this processor for the camera, in its own name
        kept, run = settings.recordings, settings.processor_boot_id
        self._recorder = None if kept is None else kept.of(self.camera_id, run=run)
        self._filter = self._new_filter(entry)

    def close(self) -> None:
        """The camera is gone for good."""
        if self._recorder is not None:
            self._recorder.close()

    def _new_filter(self, entry: CameraEntry) -> EvidenceFilter:
        if self._recorder is not None:
            settings = self._settings
            decided_by = DecidedBy(settings.evidence, settings.reuse, settings.model)
            self._recorder.start(self.view, decided_by, entry.held)
        return EvidenceFilter(
            self._settings.evidence, self.view.spot_ids, entry.held, near=self.view.near()
        )

    def observe(
        self,
        boot_id: str,
        frame: Frame,
        view: CameraView,
        result: Scores | Verdict,
        *,
        now: float,
    ) -> Verdict:
        """Take what a worker made of a frame with `view`; return the camera's answer."""
        if view is self.view:
            verdict = self._observe(boot_id, frame, result, now=now)
        else:
            verdict = Verdict(Outcome.FAILED, "the layout changed while the frame was in work")
        self.tally.count(frame, verdict)
        self.metrics.frame(self.camera_id, verdict.outcome)
        return verdict

    def _blind(self, at_us: int) -> tuple[Detection, ...]:
        if self._recorder is not None:
            self._recorder.blind(at_us)
        return self._filter.blind()

    def _observe(
        self, boot_id: str, frame: Frame, result: Scores | Verdict, *, now: float
    ) -> Verdict:
        if (distrusted := self.distrusted) is not None:  # said while the frame was in work
            self.silence.heard(now)
            return distrusted
        if isinstance(result, Verdict):
            if result.outcome is Outcome.WRONG_SIZE:
                self.silence.heard(now)
                self._sight.resized(frame.captured_at_us, detail=result.detail)
                blind = self._blind(frame.captured_at_us)
                self._believe(boot_id, frame, blind, self._sight.trouble)
            return result
        self.silence.heard(now)
        if result.looks is not None and result.since is not self.looks:
            # By two streams, the older of which was dead: a replay has one frame after the other.
            return Verdict(Outcome.FAILED, "another frame of this camera was in work beside it")
        well = self._sight.seen(frame.captured_at_us)
        if self._recorder is not None:
            self._recorder.frame(boot_id, frame)
        self.looks = result.looks or self.looks
        self.metrics.patches(classified=result.classified, reused=result.reused)
        probabilities = self._last_scores.take(result, frame.captured_at_us)
        changes = self._filter.observe(
            probabilities, frame.captured_at_us, compared=frame.is_compared or result.differs
        )
        # Of a camera that the ledger never heard of, that all is well goes with its first change.
        known = changes or self.beliefs.report is not None
        self._believe(boot_id, frame, changes, well if known else None, model=self._settings.model)
        return Verdict(Outcome.CLASSIFIED, doubtful=result.doubtful())

    @property
    def distrusted(self) -> Verdict | None:
        """The answer to every frame while the camera itself says that its pictures are no good."""
        trouble = self._sight.distrusted
        if trouble is None:
            return None
        reason = f"the camera says {trouble.condition.name.lower()}: {trouble.detail}"
        return Verdict(Outcome.DISTRUSTED, reason)

    @property
    def complains(self) -> bool:
        """Whether the camera is heard, if only to say that it sees nothing."""
        return self._sight.distrusted is not None

    def hear(self, word: CameraWord, *, now: float) -> None:
        """Take what the camera says of its own pictures."""
        self._sight.say(word.report)
        if self.complains:
            logger.warning(
                "camera %s camera=%s: %s",
                word.report.condition.name.lower(),
                self.camera_id,
                word.report.detail,
            )
            self.silence.heard(now)
            self._say_trouble(word.report.since_us)

    def propose(self, proposal: Proposal) -> None:
        """The camera says where its regions lie now."""
        if proposal.plan_id == self.view.plan_id:  # else it measured by older regions
            self.on_proposal(proposal)

    def new_boot(self) -> None:
        """Another process streams for the camera."""
        self._sight.new_boot()
        if self._recorder is not None:
            self._recorder.boot()
        self._forget_looks()

    def _say_trouble(self, at_us: int) -> None:
        """What is wrong now, in our own name: the keys of the camera's boot are its frames'."""
        self._own_batches += 1
        key = IdempotencyKey(self.camera_id, self._settings.processor_boot_id, self._own_batches)
        self._add(key, at_us, self._blind(at_us), self._sight.trouble)

    def shed(self, frame: Frame) -> Verdict:
        """A newer frame replaced this one before its turn came."""
        verdict = Verdict(Outcome.OVERLOADED, "a newer frame of this camera was waiting")
        self.tally.count(frame, verdict)
        self.metrics.frame(self.camera_id, verdict.outcome)
        return verdict

    def _believe(
        self,
        boot_id: str,
        frame: Frame,
        changes: tuple[Detection, ...],
        report: CameraReport | None,
        *,
        model: str = "",
    ) -> None:
        key = IdempotencyKey(self.camera_id, boot_id, frame.sequence)
        self._add(key, frame.captured_at_us, changes, report, model=model)

    def _add(
        self,
        key: IdempotencyKey,
        at_us: int,
        changes: tuple[Detection, ...],
        report: CameraReport | None,
        *,
        model: str = "",
    ) -> None:
        self.metrics.changes(self.camera_id, len(changes))
        news = report is not None and not agree(report, self.beliefs.report)
        if changes or news:
            self.beliefs.add(
                DetectionBatch(
                    key=key,
                    captured_at_us=at_us,
                    layout_version=self.view.layout_version,
                    model=model,
                    detections=changes,
                    camera=report if news else None,
                )
            )
            self.on_belief()

    def fall_silent(self, at_us: int) -> None:
        """No frame came for too long: what cannot be seen is unknown."""
        self.silence.fall_silent()
        detail = f"no frame for {self.silence.after:g} s"
        self._sight.fall_silent(at_us - round(self.silence.after * 1e6), detail=detail)
        self._say_trouble(at_us)

    def adopt(self, entry: CameraEntry) -> bool:
        """Take a new reading of the ledger; return False if it has to be read once more.

        A new layout version begins again from what the ledger holds. At the same version a
        difference means that the ledger learnt or decided something without us (nobody vouched
        for the camera, a batch was refused): the next frames put it right.
        """
        moved = entry.lot_id != self.lot_id
        self.lot_id = entry.lot_id
        if moved or entry.layout_version != self.view.layout_version:
            logger.info("layout camera=%s version=%d", self.camera_id, entry.layout_version)
            self._take_view(self.view.successor(entry.camera, layout_version=entry.layout_version))
            self.beliefs.begin_again(entry.held, camera=entry.report)
            self._filter = self._new_filter(entry)
            self._repeat_trouble()
            return self.beliefs.settled
        corrected = self.beliefs.reconcile(entry.held, camera=entry.report, index=entry.index)
        if corrected is None:
            return False
        for spot_id in corrected:
            self._filter.restart(spot_id, entry.held[spot_id])
            if self._recorder is not None:
                self._recorder.hold(spot_id, entry.held[spot_id])
        if corrected:
            logger.info("ledger differs camera=%s spots=%d", self.camera_id, len(corrected))
        self._repeat_trouble()
        return True

    def _forget_looks(self) -> None:
        """Nothing is known any more of what spots looked like."""
        spots = len(self.view.spot_ids)
        self._last_scores = LastScores(spots)
        self.looks = Looks.begin(self._settings.reuse, spots)

    def _take_view(self, view: CameraView) -> None:
        told_the_same = view.plan_id == self.view.plan_id
        self.view = view
        if not told_the_same:
            self._forget_looks()
            self.on_view()

    def _repeat_trouble(self) -> None:
        """No frame will say it again, as frames say that all is well."""
        trouble = self._sight.trouble
        if trouble is not None:
            self._say_trouble(trouble.since_us)

    def expects(self, change: OccupancyChange) -> bool:
        """Return whether a change that the ledger reports in this camera's name is no news."""
        return self.beliefs.expects(change.spot_id, change.occupancy)
