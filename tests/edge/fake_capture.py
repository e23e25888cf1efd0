"""A device behind OpenCV, as far as the camera node asks for one."""

import threading
from collections.abc import Sequence

import cv2

from edge.frames import Image


class FakeCapture:
    """Gives these pictures at its pace (None: a damaged one), and then nothing: unplugged."""

    def __init__(self, pictures: Sequence[Image | None], *, fps: float = 200.0) -> None:
        self._pace = threading.Event()
        self._pictures = list(pictures)
        self._grabbed = 0
        self.wanted: dict[int, float] = {}
        self._known = {cv2.CAP_PROP_FPS: fps, cv2.CAP_PROP_POS_MSEC: 0.0}
        self.released = False

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return True  # also after the device is gone

    def get(self, prop: int, /) -> float:
        return self._known.get(prop, 0.0)

    def set(self, prop: int, value: float, /) -> bool:
        self.wanted[prop] = value
        return False  # V4L2 says so of what it rounds

    def grab(self) -> bool:
        if self._grabbed == len(self._pictures):
            return False
        self._pace.wait(1 / self._known[cv2.CAP_PROP_FPS])
        self._grabbed += 1
        return True

    def retrieve(self) -> tuple[bool, cv2.typing.MatLike]:
        picture = self._pictures[self._grabbed - 1]
        if picture is None:
            raise cv2.error("corrupt JPEG")
        return True, picture

    def release(self) -> None:
        self.released = True
