"""Looks at every picture beside the path on which they are sent, and at the clock when none come.

The glance is taken in the grab thread, after the picture was handed over; all else is in the event
loop.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from edge.conditions import Condition, Conditions
from edge.detectors import DetectorLimits, Detectors
from edge.frames import CapturedFrame
from edge.glance import Glance, glance
from edge.persistence import Moment

logger = logging.getLogger(__name__)

_TICK_S = 0.25
_GLANCE_EVERY_S = 0.2
"""However many frames are sent a second, more looks than this tell nothing new."""


class Watch:
    """Keeps `conditions` true; `on_change` is called in the event loop after each change."""

    def __init__(
        self,
        conditions: Conditions,
        limits: DetectorLimits,
        *,
        on_change: Callable[[], None],
        trouble: Callable[[], str],
    ) -> None:
        """trouble: says what the source's reader last complained of. In a running event loop."""
        self._conditions = conditions
        self._on_change = on_change
        self._trouble = trouble
        self._loop = asyncio.get_running_loop()
        self._detectors = Detectors(conditions, limits, started=_moment())
        self._next_glance = 0.0

    def inspect(self, frame: CapturedFrame) -> None:
        """Look at a frame that was just captured. Grab thread only."""
        at = _moment()
        if at.now < self._next_glance:
            return
        self._next_glance = at.now + _GLANCE_EVERY_S
        age_s = max(0.0, (at.at_us - frame.captured_at_us) / 1e6)
        self._loop.call_soon_threadsafe(self._look, glance(frame.image), at, age_s)

    def _look(self, seen: Glance, at: Moment, age_s: float) -> None:
        if self._detectors.look(seen, at, age_s=age_s):
            self._say()

    async def run(self) -> None:
        """Notice that no pictures come, until cancelled."""
        while True:
            await asyncio.sleep(_TICK_S)
            if self._detectors.tick(_moment(), reason=self._trouble()):
                self._say()

    def _say(self) -> None:
        report = self._conditions.report
        if report.condition is Condition.OK:
            logger.info("condition ok")
        else:
            logger.warning("condition %s: %s", report.condition.name.lower(), report.detail)
        self._on_change()


def _moment() -> Moment:
    return Moment(time.monotonic(), time.time_ns() // 1000)
