"""What is counted of one run of one camera."""

from dataclasses import dataclass

from central.processor.frames import Frame, Outcome, Verdict

_LOST = (
    *(Outcome.CORRUPT, Outcome.OVERLOADED, Outcome.WRONG_SIZE),
    *(Outcome.FAILED, Outcome.DISTRUSTED, Outcome.STALE_PLAN),
)


@dataclass
class Tally:
    """Counts since the camera's process started streaming here."""

    boot_id: str = ""
    frames: int = 0  # classified, strips among them
    lost: int = 0  # received, never classified
    camera_dropped: int = 0  # captured, never sent: the camera's own count
    last_frame_at_us: int = 0  # captured_at of the last classified frame
    last_source_position_us: int = -1
    fault: str = ""  # one line on the last frame that failed, empty once one is classified

    @property
    def dropped(self) -> int:
        """Frames captured but never classified."""
        return self.lost + self.camera_dropped

    def count(self, frame: Frame, verdict: Verdict) -> None:
        """Count one answered frame."""
        self.camera_dropped = max(self.camera_dropped, frame.dropped_total)
        if verdict.outcome is Outcome.CLASSIFIED:
            self.frames += 1
            self.last_frame_at_us = frame.captured_at_us
            self.last_source_position_us = frame.source_position_us
            self.fault = ""
            return
        assert verdict.outcome in _LOST
        self.lost += 1
        if verdict.outcome not in (Outcome.OVERLOADED, Outcome.STALE_PLAN):
            self.fault = verdict.detail
