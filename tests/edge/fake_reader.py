"""A source that plays a script: no OpenCV, no waiting."""

import threading
from collections.abc import Iterable

from edge.frames import Image
from edge.reader import SourceUnavailable
from edge.source import Source
from tests.edge.videos import numbered_image


class FakeReader:
    """Gives `frames` frames at once, then is at its end; `blocks` makes the end a stuck grab."""

    def __init__(
        self, *, frames: int, interval_s: float = 0.0001, blocks: threading.Event | None = None
    ) -> None:
        self._frames = frames
        self._blocks = blocks
        self.interval_s = interval_s
        self.grabbed = 0
        self.at_end = threading.Event()
        self.released = False
        self.interrupted = False
        self.piles_up = True

    def grab(self) -> bool:
        if self.grabbed == self._frames:
            self.at_end.set()
            if self._blocks is not None:
                self._blocks.wait()
            return False
        self.grabbed += 1
        return True

    def position_us(self) -> int:
        return round((self.grabbed - 1) * self.interval_s * 1e6)

    def captured_at_us(self) -> int | None:
        return None

    def retrieve(self) -> Image | None:
        return numbered_image((self.grabbed - 1) % 25)

    def interrupt(self) -> None:
        self.interrupted = True

    def release(self) -> None:
        self.released = True


class FakeOpener:
    """Opens the scripted readers in order; None stands for a source that is not there."""

    def __init__(self, readers: Iterable[FakeReader | None]) -> None:
        self._readers = iter(readers)
        self.opened = 0

    def __call__(self, source: Source) -> FakeReader:
        self.opened += 1
        reader = next(self._readers)
        if reader is None:
            raise SourceUnavailable(f"{source.name} cannot be opened")
        return reader
