"""What one camera's spots are believed to be and what of that the ledger holds.

Pure. This is the queue between the debouncer and the ledger: it holds one belief a spot, the
newest, so it cannot grow while the ledger is away, and a spot that changed there and back
meanwhile costs nothing.
"""

from collections.abc import Mapping
from dataclasses import replace

from central.ledger.records import Detection, DetectionBatch, Occupancy


class Beliefs:
    """Invariants: at most one batch in flight; at most one pending belief a spot.

    Pending beliefs are in the order in which they were formed, and leave grouped by the batch that
    formed them, so that each keeps its frame's key and time, and keys of one boot ascend.
    """

    def __init__(self, committed: Mapping[str, Occupancy]) -> None:
        """committed: the ledger's view of the camera, by spot id; all spots of the camera."""
        self._committed = dict(committed)
        self._pending: dict[str, tuple[DetectionBatch, Detection]] = {}
        self._in_flight: DetectionBatch | None = None
        self._index = 0  # applied index of the last batch that the ledger answered

    @property
    def settled(self) -> bool:
        """Whether nothing waits and nothing is under way."""
        return self._in_flight is None and not self._pending

    def add(self, batch: DetectionBatch) -> None:
        """Believe what a batch says of its spots, instead of what was believed before."""
        for detection in batch.detections:
            self._pending.pop(detection.spot_id, None)  # re-inserted last: order is by age
            self._pending[detection.spot_id] = (batch, detection)

    def take(self) -> DetectionBatch | None:
        """Return the next batch to send, None if there is none or one is under way."""
        if self._in_flight is not None:
            return None
        differing = {
            spot_id: (batch, detection)
            for spot_id, (batch, detection) in self._pending.items()
            if self._committed.get(spot_id) is not detection.occupancy
        }
        self._pending = differing
        if not differing:
            return None
        oldest = next(iter(differing.values()))[0]
        chosen = tuple(
            detection for batch, detection in differing.values() if batch.key == oldest.key
        )
        for detection in chosen:
            del self._pending[detection.spot_id]
        self._in_flight = replace(oldest, detections=chosen)
        return self._in_flight

    def committed(self, index: int) -> None:
        """The ledger holds the batch under way."""
        assert self._in_flight is not None
        for detection in self._in_flight.detections:
            self._committed[detection.spot_id] = detection.occupancy
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

    def reconcile(self, held: Mapping[str, Occupancy], *, index: int) -> tuple[str, ...] | None:
        """Take the ledger's word as of `index`; return the spots on which it differed.

        What was pending for those is dropped: the debouncer begins again from the ledger's word.
        None: not possible now, as the answer is older than, or may miss, what was sent.
        """
        if self._in_flight is not None or index < self._index:
            return None
        corrected = tuple(
            spot_id
            for spot_id, occupancy in held.items()
            if self._committed.get(spot_id) is not occupancy
        )
        for spot_id in corrected:
            self._committed[spot_id] = held[spot_id]
            self._pending.pop(spot_id, None)
        return corrected

    def begin_again(self, held: Mapping[str, Occupancy]) -> None:
        """The regions changed: only what the ledger holds counts, and what is pending is void.

        A batch under way goes on; should it be refused, `reconcile` puts that right.
        """
        self._committed = dict(held)
        self._pending.clear()
