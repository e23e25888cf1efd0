"""PURE: the demo's figures: percentiles, and the object that `--json` prints."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

MIN_AGREEMENT = 0.95
"""Share of spots that must equal the truth, where there is one."""


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank percentile: the least value with `share` of all at or below it.

    `share` is in (0, 1]; None if there are no values. A value that was measured, never one
    between two: with few values an interpolated p99 looks better than anything that happened.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share {share} is not in (0, 1]")
    if not values:
        return None
    return sorted(values)[math.ceil(share * len(values)) - 1]


@dataclass(frozen=True)
class Latency:
    """From the capture of the frame that decided to the change's arrival at a watcher."""

    p50_ms: float | None
    p99_ms: float | None
    count: int

    @classmethod
    def of(cls, latencies_us: Sequence[int]) -> "Latency":
        """Summarise latencies given in microseconds."""
        p50, p99 = percentile(latencies_us, 0.50), percentile(latencies_us, 0.99)
        return cls(
            p50_ms=None if p50 is None else round(p50 / 1000, 1),
            p99_ms=None if p99 is None else round(p99 / 1000, 1),
            count=len(latencies_us),
        )


@dataclass(frozen=True)
class Figures:
    """What one run of the demo measured."""

    cameras: int
    spots: int
    replicas: int
    frames: int  # classified, all cameras together
    detections_committed: int  # changes of an applied occupancy that the demo's watch saw
    agreement: float | None  # share of spots equal to the truth at the end; None without truth
    latency: Latency
    fail_over_ms: float | None  # from the kill to the next acked commit; None if none was killed
    unknown_share: float  # spots unknown at the end over spots

    @property
    def exit_code(self) -> int:
        """0 if the ledger agreed with the truth well enough, or there was none to agree with."""
        return 0 if self.agreement is None or self.agreement >= MIN_AGREEMENT else 1

    def as_json(self) -> dict[str, object]:
        """Return the object that `parkledger demo --json` ends with."""
        return {
            "cameras": self.cameras,
            "spots": self.spots,
            "replicas": self.replicas,
            "frames": self.frames,
            "detections_committed": self.detections_committed,
            "agreement": None if self.agreement is None else round(self.agreement, 4),
            "latency_ms": {"p50": self.latency.p50_ms, "p99": self.latency.p99_ms},
            "fail_over_ms": None if self.fail_over_ms is None else round(self.fail_over_ms, 1),
            "unknown_share": round(self.unknown_share, 4),
        }
