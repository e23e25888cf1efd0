"""What a camera and its spots are believed to be and what of that the ledger holds.

Pure. This is the queue between the evidence filter and the ledger: it holds one belief a spot and
one of the camera's condition, the newest, so it cannot grow while the ledger is away, and a spot
that changed there and back meanwhile costs nothing.
"""

from collections.abc import Mapping
from dataclasses import replace

from central.ledger.records import (
    CameraCondition,
    CameraReport,
    Detection,
    DetectionBatch,
    Occupancy,
)

# Conditions that processor and primary word each in its own way: the condition alone counts.
_WORDED_FREELY = (CameraCondition.OK, CameraCondition.SILENT)


def agree(one: CameraReport | None, other: CameraReport | None) -> bool:
    """Return whether two reports say the same to those who read them."""
    if one is None or other is None:
        return one is other
    if one.condition is not other.condition:
        return False
    return one.condition in _WORDED_FREELY or one.detail == other.detail


class Beliefs:
    """Invariants: at most one batch in flight; at most one pending belief a spot, and one report.

    Pending beliefs are in the order in which they were formed, and leave grouped by the batch that
    formed them, so that each keeps its frame's key and time, and keys of one boot ascend.
    """

    def __init__(
        self, committed: Mapping[str, Occupancy], *, camera: CameraReport | None = None
    ) -> None:
        """Begin with the ledger's view: of the camera's spots, by id, and of its condition."""
        self._committed = dict(committed)
        self._report = camera  # committed
        # By spot id; None is the camera itself.
        self._pending: dict[str | None, tuple[DetectionBatch, Detection | CameraReport]] = {}
        self._in_flight: DetectionBatch | None = None
        self._index = 0  # applied index of the last batch that the ledger answered

    @property
    def settled(self) -> bool:
        """Whether nothing waits and nothing is under way."""
        return self._in_flight is None and not self._pending

    @property
    def report(self) -> CameraReport | None:
        """The newest belief of the camera's condition: waiting, under way or committed."""
        waiting = self._pending.get(None)
        if waiting is not None and isinstance(waiting[1], CameraReport):
            return waiting[1]
        if self._in_flight is not None and self._in_flight.camera is not None:
            return self._in_flight.camera
        return self._report

    def add(self, batch: DetectionBatch) -> None:
        """Believe what a batch says, instead of what was believed before."""
        if batch.camera is not None:
            self._replace(None, batch, batch.camera)
        for detection in batch.detections:
            self._replace(detection.spot_id, batch, detection)

    def _replace(
        self, key: str | None, batch: DetectionBatch, belief: Detection | CameraReport
    ) -> None:
        self._pending.pop(key, None)  # re-inserted last: order is by age
        self._pending[key] = (batch, belief)

    def take(self) -> DetectionBatch | None:
        """Return the next batch to send, None if there is none or one is under way."""
        if self._in_flight is not None:
            return None
        self._pending = {
            key: (batch, belief)
            for key, (batch, belief) in self._pending.items()
            if self._differs(belief)
        }
        if not self._pending:
            return None
        oldest = next(iter(self._pending.values()))[0]
        chosen = {
            key: belief for key, (batch, belief) in self._pending.items() if batch.key == oldest.key
        }
        for key in chosen:
            del self._pending[key]
        beliefs = chosen.values()
        self._in_flight = replace(
            oldest,
            detections=tuple(belief for belief in beliefs if isinstance(belief, Detection)),
            camera=next((belief for belief in beliefs if isinstance(belief, CameraReport)), None),
        )
        return self._in_flight

    def _differs(self, belief: Detection | CameraReport) -> bool:
        if isinstance(belief, CameraReport):
            return not agree(belief, self._report)
        return self._committed.get(belief.spot_id) is not belief.occupancy

    def committed(self, index: int) -> None:
        """The ledger holds the batch under way."""
        assert self._in_flight is not None
        for detection in self._in_flight.detections:
            self._committed[detection.spot_id] = detection.occupancy
        self._report = self._in_flight.camera or self._report
        self._settle(index)

    def refused(self, index: int) -> None:
        """The ledger will never take the batch under way; `reconcile` says what it holds."""
        assert self._in_flight is not None
        self._settle(index)

    def _settle(self, index: int) -> None:
        self._in_flight = None
        self._index = max(self._index, index)

    def expects(self, spot_id: str, occupancy: Occupancy) -> bool:
        """Return whether it is no news that the ledger holds that occupancy of that spot."""
        if self._in_flight is not None and any(
            detection.spot_id == spot_id and detection.occupancy is occupancy
            for detection in self._in_flight.detections
        ):
            return True
        return self._committed.get(spot_id) is occupancy

    def reconcile(
        self, held: Mapping[str, Occupancy], *, camera: CameraReport | None = None, index: int
    ) -> tuple[str, ...] | None:
        """Take the ledger's word as of `index`; return the spots on which it differed.

        What was pending for those is dropped: the filter begins again from the ledger's word.
        None: not possible now, as the answer is older than, or may miss, what was sent.
        """
        if self._in_flight is not None or index < self._index:
            return None
        self._report = camera
        corrected = tuple(
            spot_id
            for spot_id, occupancy in held.items()
            if self._committed.get(spot_id) is not occupancy
        )
        for spot_id in corrected:
            self._committed[spot_id] = held[spot_id]
            self._pending.pop(spot_id, None)
        return corrected

    def begin_again(
        self, held: Mapping[str, Occupancy], *, camera: CameraReport | None = None
    ) -> None:
        """The regions changed: only what the ledger holds counts, and what is pending is void.

        A batch under way goes on; should it be refused, `reconcile` puts that right.
        """
        self._committed = dict(held)
        self._report = camera
        self._pending.clear()
