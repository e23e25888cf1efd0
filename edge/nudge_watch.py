"""Compares the picture with the view on which the regions were drawn, once in a while.

The small grey picture is made in the grab thread, after the frame was handed over; the comparison,
a tenth of a second of work, in a thread of its own, one at a time.
"""

import asyncio
import logging
import time
from collections.abc import Callable

import numpy as np

from edge.conditions import Condition, Conditions
from edge.frames import CapturedFrame
from edge.nudge import Movement
from edge.nudge_judge import NudgeJudge, NudgeLimits
from edge.nudge_memory import NudgeMemory
from edge.persistence import Moment
from edge.plan import CutPlan
from edge.realign import Proposals, Realignment
from edge.reference import (
    BadReference,
    Grey,
    Reference,
    moved_reference,
    read_reference,
    small_grey,
)

logger = logging.getLogger(__name__)


class NudgeWatch:
    """Begins and ends `NUDGED`; `on_change` is called in the event loop after each change."""

    def __init__(
        self,
        conditions: Conditions,
        limits: NudgeLimits,
        *,
        plan: Callable[[], CutPlan | None],
        on_change: Callable[[], None],
        proposals: Proposals | None = None,
    ) -> None:
        """plan: the one in use. proposals: None: never realign. In a running event loop."""
        self._conditions = conditions
        self._limits = limits
        self._plan = plan
        self._on_change = on_change
        self._proposals = proposals
        self._loop = asyncio.get_running_loop()
        self._next_look = 0.0
        self._looking: asyncio.Task[None] | None = None
        self._view: CutPlan | None = None
        self._proposed: int | None = None  # plan id
        self._reference: Reference | None = None
        self._memory = NudgeMemory(None, regions=())
        self._judge = NudgeJudge(limits)

    def inspect(self, frame: CapturedFrame) -> None:
        """Look at a frame that was just captured, if it is time to. Grab thread only."""
        now = time.monotonic()
        if self._limits.shift_px <= 0.0 or now < self._next_look or self._plan() is None:
            return
        self._next_look = now + self._limits.every_s
        at = Moment(now, frame.captured_at_us)
        self._loop.call_soon_threadsafe(self._start, small_grey(frame.image), at)

    async def close(self) -> None:
        """End a look under way, or rather forget what it finds."""
        self._memory.abandoned = True
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def _start(self, grey: Grey, at: Moment) -> None:
        plan = self._plan()
        if plan is None or (self._looking is not None and not self._looking.done()):
            return
        if self._view is None or not _same_view(plan, self._view):
            self._forget(plan, at)
        self._view = plan
        self._looking = asyncio.create_task(self._look(grey, at))

    def _forget(self, plan: CutPlan, at: Moment) -> None:
        """The regions were drawn anew, or it is the first look."""
        try:
            self._reference = read_reference(plan.reference) if plan.reference else None
        except BadReference as error:
            self._reference = None
            logger.warning("the layout's reference of this camera cannot be used: %s", error)
        self._memory = NudgeMemory(self._reference, regions=plan.regions, masks=plan.masks)
        self._judge = NudgeJudge(self._limits)
        self._proposed = None
        if self._conditions.end(Condition.NUDGED, at_us=at.at_us):
            self._on_change()

    async def _look(self, grey: Grey, at: Moment) -> None:
        memory, view = self._memory, self._view
        await asyncio.sleep(_AFTER_S)
        movement, structured = await asyncio.to_thread(_compare, memory, grey)
        if memory is not self._memory or view is None:
            return  # the regions were drawn anew meanwhile
        if movement is not None:
            logger.debug("moved=%.1f px agreeing=%d", movement.shift_px, movement.agreeing)
        if self._judge.observe(movement, at, structured=structured):
            news = self._conditions.begin(
                Condition.NUDGED, since_us=self._judge.since_us, detail=self._judge.detail
            )
            self._propose(movement, view)
        else:
            news = self._conditions.end(Condition.NUDGED, at_us=at.at_us)
        if news:
            logger.warning("nudged: %s", self._judge.detail or "no longer")
            self._on_change()

    def _propose(self, movement: Movement | None, view: CutPlan) -> None:
        if self._proposals is None or movement is None or self._proposed == view.plan_id:
            return
        if movement.agreeing < _SURE_TILES:
            return
        self._proposed = view.plan_id
        reference = b""
        if self._reference is not None:
            back = np.linalg.inv(movement.homography)
            reference = moved_reference(view.reference, self._reference.view_to_looks @ back)
        numbers = tuple(float(value) for value in movement.homography.ravel())
        logger.info("proposing to realign the regions: %s", self._judge.detail)
        self._proposals.put(Realignment(view.plan_id, numbers, reference))
        self._on_change()


_AFTER_S = 0.2  # by then the frame itself is sent, which would else share the core with the look
_SURE_TILES = 12  # agreeing on the movement; fewer find a nudge, but not regions' new places


def _compare(memory: NudgeMemory, grey: Grey) -> tuple[Movement | None, bool]:
    movement = memory.compare(grey)
    return movement, movement is None and memory.structured(grey)


def _same_view(one: CutPlan, other: CutPlan) -> bool:
    return (one.regions, one.masks, one.reference) == (other.regions, other.masks, other.reference)
