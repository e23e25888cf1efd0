"""The one door between the grab thread and the event loop."""

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Handoff(Generic[T]):
    """Holds at most one frame: a newer one replaces it, and the replaced ones are counted.

    Without it a stuck event loop would pile up raw pictures of 6 MB in its queue of callbacks.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._item: T | None = None
        self._missed = 0

    def put(self, item: T) -> None:
        """Leave `item` for the other side."""
        with self._lock:
            self._missed += self._item is not None
            self._item = item

    def take(self) -> tuple[T | None, int]:
        """Return the newest item, if any, and how many it replaced since the last take."""
        with self._lock:
            item, missed = self._item, self._missed
            self._item, self._missed = None, 0
            return item, missed
