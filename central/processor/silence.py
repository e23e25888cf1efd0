"""When a camera counts as silent. Pure: `now` is an argument, in seconds of a monotonic clock."""

MIN_SILENT_AFTER = 10.0
MISSED_FRAMES = 5.0


def silent_after(frames_per_second: float, *, override: float | None) -> float:
    """Return the seconds without a classified frame after which a camera is silent.

    Five missed frames, and at least ten seconds: a processor's fail-over or a camera's reconnection
    takes a few. `override` is the operator's word.
    """
    if override is not None:
        return override
    if frames_per_second <= 0:
        return MIN_SILENT_AFTER
    return max(MIN_SILENT_AFTER, MISSED_FRAMES / frames_per_second)


class Silence:
    """Tells once that a camera fell silent; again only after it was heard in between."""

    def __init__(self, *, after: float, now: float) -> None:
        self.after = after  # seconds; may be set anew when the camera's frame rate is
        self._heard_at = now
        self.silent = False

    def heard(self, now: float) -> None:
        """A frame of the camera was classified."""
        self._heard_at = now
        self.silent = False

    def since(self, now: float) -> float:
        """Return the seconds since the camera was last heard."""
        return now - self._heard_at

    def overdue(self, now: float) -> bool:
        """Return whether the camera is newly silent; `fall_silent` acknowledges it."""
        return not self.silent and self.since(now) >= self.after

    def fall_silent(self) -> None:
        """The camera's silence has been acted upon."""
        self.silent = True
