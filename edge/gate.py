"""PURE: which of a camera's regions look other than when they were last sent."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.patches import Image

Signatures = npt.NDArray[np.uint8]
"""(regions, cells): a coarse grey picture of each region, 16 x 16 cells a look."""

_SIDE = 16


@dataclass(frozen=True)
class GateSettings:
    """When a region is sent again.

    threshold: grey levels (of 256) by which its cells must differ on average, after the difference
    in mean brightness is taken away: what the sun and the exposure do to the whole patch is no
    change. 0: everything is always sent. brightness: grey levels by which the mean itself may
    differ. refresh_s: seconds after which a region is sent in any case. doubtful_s: the same of one
    that leaves the processor in doubt: it makes up its mind by looking again, and in bad light a
    car that comes or goes changes little.
    """

    threshold: float = 5.0
    brightness: float = 32.0
    refresh_s: float = 30.0
    doubtful_s: float = 3.0


def signatures(patches: Image) -> Signatures:
    """(N, rows, size, 3) uint8 BGR patches -> one signature each."""
    count, rows, size, _ = patches.shape
    if not count:
        return np.empty((0, 0), dtype=np.uint8)
    grey = cv2.cvtColor(patches.reshape(count * rows, size, 3), cv2.COLOR_BGR2GRAY)
    cells_down = _SIDE * rows // size
    small = cv2.resize(grey, (_SIDE, count * cells_down), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8).reshape(count, cells_down * _SIDE)


class ChangeGate:
    """Remembers how each region looked when it was last sent, and when that was.

    A region counts as sent from `sent` on; `owe` takes that back.
    """

    def __init__(self, settings: GateSettings, regions: int) -> None:
        self._settings = settings
        self._last: Signatures | None = None
        self._sent_at = np.full(regions, -np.inf)

    def changed(
        self, now_look: Signatures, *, now: float, doubtful: Collection[int] = ()
    ) -> tuple[int, ...]:
        """Return the places to send, rising. now: monotonic seconds."""
        age = now - self._sent_at
        due = age >= self._settings.refresh_s
        unsure = list(doubtful)
        due[unsure] |= age[unsure] >= self._settings.doubtful_s
        if self._settings.threshold <= 0.0 or self._last is None:
            due[:] = True
        elif now_look.size:
            difference = now_look.astype(np.int16) - self._last
            mean = difference.mean(axis=1)
            texture = np.abs(difference - mean[:, None]).mean(axis=1)
            due |= texture >= self._settings.threshold
            due |= np.abs(mean) >= self._settings.brightness
        return tuple(int(place) for place in np.flatnonzero(due))

    def sent(self, places: Iterable[int], look: Signatures, *, now: float) -> None:
        """These places are sent as they look in `look`."""
        chosen = list(places)
        if self._last is None:
            self._last = look.copy()
        else:
            self._last[chosen] = look[chosen]
        self._sent_at[chosen] = now

    def owe(self, places: Iterable[int]) -> None:
        """What was sent of these places came to nothing: they are due at once."""
        self._sent_at[list(places)] = -np.inf
