"""PURE: glances at the pictures, and their absence -> conditions that begin and end.

Time is an argument everywhere. Each limit in seconds; zero turns its detector off.
"""

from dataclasses import dataclass

from edge.conditions import Condition, Conditions
from edge.glance import BRIGHT_LEVEL, DARK_LEVEL, Glance
from edge.persistence import Moment, Persistence
from edge.stillness import Stillness
from edge.usual import UsualSharpness

# Shares of the picture. The darkest real lot at night that was measured has 0.20 and the brightest
# 0.09 (docs/MEASUREMENTS.md).
_DARK, _NOT_DARK = 0.90, 0.80
_BRIGHT, _NOT_BRIGHT = 0.60, 0.40


@dataclass(frozen=True)
class DetectorLimits:
    """Seconds that each condition has to last before it is reported, and be over to end.

    frozen: the picture does not change. exposed: black or white. blurred: not sharp. late: age of a
    picture at the time of its capture here. lost: without any picture.
    """

    frozen_s: float = 120.0
    exposed_s: float = 10.0
    blurred_s: float = 60.0
    late_s: float = 10.0
    lost_s: float = 10.0
    recovery_s: float = 2.0


class Detectors:
    """Feeds `conditions`; both methods return whether there is something new to report."""

    def __init__(self, conditions: Conditions, limits: DetectorLimits, *, started: Moment) -> None:
        self._conditions = conditions
        self._limits = limits
        self._dark = self._persistence(limits.exposed_s)
        self._bright = self._persistence(limits.exposed_s)
        self._blurred = self._persistence(limits.blurred_s)
        # Stillness has waited already; two pictures that differ by chance do not end it.
        self._frozen = self._persistence(0.0)
        self._late = self._persistence(limits.recovery_s)
        self._stillness = Stillness()
        self._usual = UsualSharpness()
        self._last_picture = started
        self._lost = False
        self._size: tuple[int, int] | None = None

    def _persistence(self, begin_after_s: float) -> Persistence:
        return Persistence(begin_after_s=begin_after_s, end_after_s=self._limits.recovery_s)

    def look(self, seen: Glance, at: Moment, *, age_s: float) -> bool:
        """Take a picture that was captured at `at` and was `age_s` old already."""
        self._last_picture = at
        self._lost = False
        if self._size != (seen.width, seen.height):
            self._size = (seen.width, seen.height)
            self._usual.forget()
        number = self._conditions.report.number
        self._conditions.end(Condition.LOST, at_us=at.at_us)
        self._look_exposure(seen, at)
        self._look_frozen(seen, at)
        self._look_blurred(seen, at)
        self._look_late(age_s, at)
        return self._conditions.report.number != number

    def tick(self, at: Moment, *, reason: str) -> bool:
        """No picture came just now. reason: what the source's reader last complained of."""
        missing_s = at.now - self._last_picture.now
        if self._lost or not self._limits.lost_s or missing_s < self._limits.lost_s:
            return False
        self._lost = True
        detail = f"no picture for {self._limits.lost_s:g} s"
        if reason:
            detail = f"{detail}: {reason}"
        return self._conditions.begin(
            Condition.LOST, since_us=self._last_picture.at_us, detail=detail
        )

    def _look_exposure(self, seen: Glance, at: Moment) -> None:
        if not self._limits.exposed_s:
            return
        dark = seen.dark >= (_NOT_DARK if self._dark.holds else _DARK)
        bright = seen.bright >= (_NOT_BRIGHT if self._bright.holds else _BRIGHT)
        self._dark.observe(present=dark, at=at)
        self._bright.observe(present=bright, at=at)
        share = f"{_DARK:.0%} of the picture"
        self._settle(Condition.DARK, self._dark, at, f"over {share} are below {DARK_LEVEL} of 255")
        share = f"{_BRIGHT:.0%} of the picture"
        detail = f"over {share} are at {BRIGHT_LEVEL} of 255 or above"
        self._settle(Condition.BRIGHT, self._bright, at, detail)

    def _look_frozen(self, seen: Glance, at: Moment) -> None:
        limit_s = self._limits.frozen_s
        if not limit_s:
            return
        still = self._stillness.observe(seen.thumbnail, at) >= limit_s
        since_us = self._stillness.since_us
        self._frozen.observe(present=still, at=at)
        if self._frozen.holds:
            detail = f"the picture did not change for {limit_s:g} s"
            self._conditions.begin(Condition.FROZEN, since_us=since_us, detail=detail)
        else:
            self._conditions.end(Condition.FROZEN, at_us=at.at_us)

    def _look_blurred(self, seen: Glance, at: Moment) -> None:
        if not self._limits.blurred_s:
            return
        blurred = self._usual.is_blurred(seen.sharpness, was=self._blurred.holds)
        self._blurred.observe(present=blurred, at=at)
        if blurred is not True and not self._blurred.holds:
            self._usual.learn(seen.sharpness, at)
        detail = "less than a third as sharp as this camera's pictures usually are"
        self._settle(Condition.BLURRED, self._blurred, at, detail)

    def _look_late(self, age_s: float, at: Moment) -> None:
        limit_s = self._limits.late_s
        if not limit_s:
            return
        self._late.observe(present=age_s > limit_s, at=at)
        detail = f"pictures are over {limit_s:g} s old when they come"
        self._settle(Condition.LATE, self._late, at, detail)

    def _settle(self, condition: Condition, found: Persistence, at: Moment, detail: str) -> None:
        if found.holds:
            self._conditions.begin(condition, since_us=found.since_us, detail=detail)
        else:
            self._conditions.end(condition, at_us=at.at_us)
