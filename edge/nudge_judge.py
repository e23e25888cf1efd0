"""PURE: measured movements -> whether the camera counts as nudged, and what to say of it."""

from dataclasses import dataclass

from edge.nudge import Movement
from edge.persistence import Moment, Persistence


@dataclass(frozen=True)
class NudgeLimits:
    """When a movement matters.

    shift_px: of the regions' corners, in pixels of a picture 1920 wide; 0: never looked for.
    every_s: between two looks. Three looks in a row make a nudge, two without end it. lost_s: of
    showing nothing that is recognised, right after the view had been recognised.
    """

    shift_px: float = 6.0
    every_s: float = 10.0
    lost_s: float = 180.0


_HYSTERESIS = 0.75
_NEWS_PX = 5.0


class NudgeJudge:
    """`holds` and `detail` after each `observe`."""

    def __init__(self, limits: NudgeLimits) -> None:
        self._limits = limits
        self._moved = Persistence(
            begin_after_s=1.8 * limits.every_s, end_after_s=0.8 * limits.every_s
        )
        self._lost = Persistence(begin_after_s=limits.lost_s, end_after_s=0.0)
        self._recognised = False
        self._told_px: float | None = None
        self.detail = ""

    @property
    def holds(self) -> bool:
        """Whether the camera looks elsewhere than when its regions were drawn."""
        return self._moved.holds or self._lost.holds

    @property
    def since_us(self) -> int:
        """While it holds: since when."""
        return self._moved.since_us if self._moved.holds else self._lost.since_us

    def observe(self, movement: Movement | None, at: Moment, *, structured: bool) -> bool:
        """Take one look, None: the view was not recognised; returns `holds`.

        structured: whether the picture has enough in it to be recognised by.
        """
        if movement is None:
            # At night or in fog nothing can be told; a sharp picture of something else is news.
            elsewhere = True if self._recognised and structured else None
            self._lost.observe(present=elsewhere, at=at)
            if self._lost.holds and not self._moved.holds:
                self.detail = "the picture no longer shows what the regions were drawn on"
            return self.holds
        self._recognised = True
        limit = self._limits.shift_px * (_HYSTERESIS if self._moved.holds else 1.0)
        if self._lost.holds:  # one look that recognises the view is enough
            self._lost = Persistence(begin_after_s=self._limits.lost_s, end_after_s=0.0)
        self._lost.observe(present=False, at=at)
        away = movement.shift_px >= limit
        if self._moved.observe(present=away, at=at) and away:
            # A detail that changed with every look would be a report each.
            if self._told_px is None or abs(movement.shift_px - self._told_px) > _NEWS_PX:
                self._told_px = movement.shift_px
                self.detail = f"moved by about {movement.shift_px:.0f} px of a picture 1920 wide"
        elif not self._moved.holds:
            self._told_px = None
        return self.holds
