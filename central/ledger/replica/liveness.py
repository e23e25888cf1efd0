"""Which nodes are alive: soft state of the primary, pure. `now` is monotonic, in seconds."""

from collections.abc import Iterable, Sequence

from central.ledger.records import NodeKind, NodeReport, NodeStatus
from node.values import frozen

MAX_NODES = 10_000
"""Nodes remembered; the longest silent one is forgotten beyond that."""


@frozen
class _Heard:
    report: NodeReport
    at: float


class Liveness:
    """The last report of each node, and which cameras nobody vouches for."""

    def __init__(self, *, since: float, time_out: float) -> None:
        """Begin to listen at `since`; a node is alive for `time_out` after its last report."""
        self._since = since
        self._time_out = time_out
        self._heard: dict[tuple[NodeKind, str], _Heard] = {}

    def report(self, reports: Iterable[NodeReport], *, now: float) -> None:
        """Take reports."""
        for report in reports:
            key = (report.kind, report.node_id)
            self._heard.pop(key, None)
            self._heard[key] = _Heard(report, now)
            if len(self._heard) > MAX_NODES:
                # Insertion order is order of last report: the first is the longest silent.
                self._heard.pop(next(iter(self._heard)))

    def nodes(self, *, now: float) -> tuple[NodeStatus, ...]:
        """Return every node that was heard, by kind and id."""
        return tuple(
            NodeStatus(
                report=heard.report,
                age_us=int((now - heard.at) * 1e6),
                alive=now - heard.at <= self._time_out,
            )
            for _, heard in sorted(self._heard.items())
        )

    def silent_for(self, camera_id: str, *, now: float) -> float:
        """Return how long nobody has vouched for a camera, in seconds, at most since the start."""
        heard = self._heard.get((NodeKind.CAMERA, camera_id))
        return now - (heard.at if heard else self._since)

    def silent_cameras(self, camera_ids: Sequence[str], *, now: float) -> list[str]:
        """Return those cameras that nobody has vouched for within the time-out."""
        return [
            camera_id
            for camera_id in camera_ids
            if self.silent_for(camera_id, now=now) > self._time_out
        ]
