"""What is the matter with one camera, put together from its own word and what its processor sees.

Pure.
"""

from central.ledger.records import CameraCondition, CameraReport


class Sight:
    """Silence hides everything else; then the camera's word counts, then the picture's shape."""

    def __init__(self) -> None:
        self._word: CameraReport | None = None
        self._silent: CameraReport | None = None
        self._resized: CameraReport | None = None
        self._ok_since_us: int | None = None

    @property
    def trouble(self) -> CameraReport | None:
        """What makes the camera's spots unknown now, None if nothing does."""
        return self._silent or self._own_trouble or self._resized

    @property
    def distrusted(self) -> CameraReport | None:
        """What the camera itself says is wrong with its pictures: they are not to be looked at."""
        return self._own_trouble

    @property
    def _own_trouble(self) -> CameraReport | None:
        word = self._word
        return None if word is None or word.condition is CameraCondition.OK else word

    def new_boot(self) -> None:
        """Another process speaks for the camera: what the last one said says nothing of it."""
        self._word = None

    def say(self, word: CameraReport) -> None:
        """Take the camera's word. A complaint is a sign of life; that all is well a frame shows."""
        self._word = word
        if self._own_trouble is not None:
            self._silent = None

    def fall_silent(self, at_us: int, *, detail: str) -> None:
        """Nothing is heard of the camera."""
        self._silent = self._silent or CameraReport(CameraCondition.SILENT, at_us, detail)

    def resized(self, at_us: int, *, detail: str) -> None:
        """A frame has another shape than the regions were drawn on."""
        self._silent = None
        since_us = at_us if self._resized is None else self._resized.since_us
        self._resized = CameraReport(CameraCondition.RESIZED, since_us, detail)

    def seen(self, at_us: int) -> CameraReport:
        """A frame could be classified; return that all is well, and since when."""
        if self.trouble is not None or self._ok_since_us is None:
            self._ok_since_us = at_us
        self._silent = self._resized = None
        return CameraReport(CameraCondition.OK, self._ok_since_us)
