"""PURE: one log line a trouble, not one a second."""

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class _Said:
    text: str
    at: float


class Complaints:
    """Remembers what was last said about each subject (a processor, the source).

    Bounded by the number of subjects, which is that of the command line's values.
    """

    def __init__(self, *, reminder_s: float = 300.0) -> None:
        self._reminder_s = reminder_s
        self._said: dict[Hashable, _Said] = {}

    def is_news(self, subject: Hashable, text: str, *, now: float) -> bool:
        """Say whether to log `text`: it is new for `subject`, or was last said long ago."""
        said = self._said.get(subject)
        if said is not None and said.text == text and now - said.at < self._reminder_s:
            return False
        self._said[subject] = _Said(text, now)
        return True

    def settle(self, subject: Hashable) -> None:
        """Forget `subject`: whatever goes wrong next is news."""
        self._said.pop(subject, None)
