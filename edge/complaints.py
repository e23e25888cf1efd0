"""PURE: one log line a trouble, not one a second."""

from collections.abc import Hashable

_MOST = 4
"""Texts remembered of a subject: one trouble may be seen, in turn, in two or three ways."""


class Complaints:
    """Remembers what was said of late about each subject (a processor, the source).

    Bounded by the number of subjects, which is that of the command line's values.
    """

    def __init__(self, *, reminder_s: float = 300.0) -> None:
        self._reminder_s = reminder_s
        self._said: dict[Hashable, dict[str, float]] = {}  # text -> when

    def is_news(self, subject: Hashable, text: str, *, now: float) -> bool:
        """Say whether to log `text`: it is new for `subject`, or was last said long ago."""
        said = self._said.setdefault(subject, {})
        at = said.get(text)
        if at is not None and now - at < self._reminder_s:
            return False
        said.pop(text, None)
        said[text] = now
        if len(said) > _MOST:
            del said[next(iter(said))]  # the order is that of saying
        return True

    def settle(self, subject: Hashable) -> None:
        """Forget `subject`: whatever goes wrong next is news."""
        self._said.pop(subject, None)
