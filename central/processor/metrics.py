"""What a processor counts for those who watch it. Pure: `MetricsServer` asks for the text."""

from bisect import bisect_left
from collections import Counter

from central.processor.frames import Outcome
from node.metrics import family, histogram

BOUNDS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Bounded: by cameras (that layouts name), outcomes and buckets."""

    def __init__(self) -> None:
        self._frames: Counter[tuple[str, Outcome]] = Counter()
        self._changes: Counter[str] = Counter()
        self._patches = {"classified": 0, "reused": 0}
        self._buckets = [0] * (len(BOUNDS_S) + 1)
        self._seconds = 0.0

    def frame(self, camera_id: str, outcome: Outcome) -> None:
        """A frame or strip of a camera was answered."""
        self._frames[camera_id, outcome] += 1

    def changes(self, camera_id: str, count: int) -> None:
        """A camera's evidence changed so many spots."""
        self._changes[camera_id] += count

    def patches(self, *, classified: int, reused: int) -> None:
        """So many spots of a frame were classified, and so many kept the score that they had."""
        self._patches["classified"] += classified
        self._patches["reused"] += reused

    def took(self, seconds: float) -> None:
        """So long after it had come a frame had been classified and its spots decided."""
        self._buckets[bisect_left(BOUNDS_S, seconds)] += 1
        self._seconds += seconds

    def text(self, *, streaming: int) -> str:
        """Return everything in Prometheus' text format; streaming: cameras connected now."""
        frames = [
            ({"camera": camera_id, "outcome": outcome.name.lower()}, float(count))
            for (camera_id, outcome), count in sorted(
                self._frames.items(), key=lambda item: (item[0][0], item[0][1].name)
            )
        ]
        changes = [
            ({"camera": camera_id}, float(count))
            for camera_id, count in sorted(self._changes.items())
        ]
        return (
            family(
                "parkledger_processor_frames_total",
                "counter",
                "Frames and strips answered, by what became of them; overloaded: shed, a newer "
                "one of the camera was waiting.",
                frames,
            )
            + family(
                "parkledger_processor_changes_total",
                "counter",
                "Spots whose believed occupancy changed.",
                changes,
            )
            + family(
                "parkledger_processor_patches_total",
                "counter",
                "Spots of frames and strips, by where their score is from; reused: the patch looks "
                "as when it was last classified.",
                [({"score": where}, float(count)) for where, count in self._patches.items()],
            )
            + family(
                "parkledger_processor_cameras",
                "gauge",
                "Cameras that stream here now.",
                [({}, float(streaming))],
            )
            + histogram(
                "parkledger_processor_frame_seconds",
                "Seconds from a frame's arrival until its spots were decided.",
                BOUNDS_S,
                self._buckets,
                self._seconds,
            )
        )
