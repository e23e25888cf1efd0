"""PURE: what is the matter with the camera's own pictures, put together from all detectors' words.

Each detector begins and ends its own condition; the gravest that holds is what is reported. Event
loop only: a detector in a thread of its own comes here through `call_soon_threadsafe`.
"""

import enum
from dataclasses import dataclass, replace


class Condition(enum.IntEnum):
    """The numbers are those of CameraCondition on the wire; what it lacks others say."""

    OK = 1
    LOST = 3  # the source gives no pictures
    FROZEN = 4  # the picture does not change at all
    DARK = 5  # black
    BRIGHT = 6  # over-exposed
    BLURRED = 7  # out of focus, dirty or fogged
    LATE = 8  # pictures are too old when they come
    NUDGED = 10  # it looks elsewhere than when the regions were drawn


# What explains the others comes first: a lost source is not merely late, a black picture is
# frozen, too, and of a blurred one nobody can tell where it looks.
_GRAVEST_FIRST = (
    *(Condition.LOST, Condition.DARK, Condition.BRIGHT, Condition.FROZEN),
    *(Condition.LATE, Condition.BLURRED, Condition.NUDGED),
)


@dataclass(frozen=True)
class Report:
    """The camera's condition.

    since_us: when it began by the camera's clock, microseconds since 1970-01-01 UTC. detail: one
    line for a person, empty when OK. number: counts this boot's reports from 1.
    """

    condition: Condition
    since_us: int
    detail: str
    number: int


class Conditions:
    """`report` is what the processor is to know; its number rises whenever that changes."""

    def __init__(self, *, now_us: int) -> None:
        """now_us: the camera's clock; it counts as OK since then."""
        self._standing: dict[Condition, Report] = {}
        self.report = Report(Condition.OK, now_us, "", number=1)

    def begin(self, condition: Condition, *, since_us: int, detail: str) -> bool:
        """Say that `condition` holds; says whether there is something new to report.

        To say it again changes nothing while the detail is the same.
        """
        assert condition is not Condition.OK
        standing = self._standing.get(condition)
        if standing is not None:
            since_us = standing.since_us
        self._standing[condition] = Report(condition, since_us, detail, number=0)
        return self._settle(since_us)

    def end(self, condition: Condition, *, at_us: int) -> bool:
        """Say that `condition` does not hold (any more); says whether that is to be reported."""
        self._standing.pop(condition, None)
        return self._settle(at_us)

    def _settle(self, at_us: int) -> bool:
        gravest = next((c for c in _GRAVEST_FIRST if c in self._standing), None)
        if gravest is not None:
            found = self._standing[gravest]
        elif self.report.condition is Condition.OK:
            return False
        else:
            found = Report(Condition.OK, at_us, "", number=0)
        if replace(found, number=self.report.number) == self.report:
            return False
        self.report = replace(found, number=self.report.number + 1)
        return True
