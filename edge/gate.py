"""PURE: which of a camera's regions look other than when they were last sent."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from models.signatures import Signatures, differ


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
        else:
            due |= differ(
                now_look,
                self._last,
                threshold=self._settings.threshold,
                brightness=self._settings.brightness,
            )
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
