"""Answers to frames leave in the order in which the frames came. Pure."""

from collections import deque

from central.processor.frames import Verdict


class AckOrder:
    """Frames that are not answered yet, at most `limit` of them.

    A frame that is shed is decided before an older one that is still being classified; its answer
    waits here.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._unanswered: deque[int] = deque()
        self._decided: dict[int, Verdict] = {}

    @property
    def full(self) -> bool:
        """Whether one more frame would be one too many."""
        return len(self._unanswered) >= self._limit

    def received(self, sequence: int) -> None:
        """A frame came. The caller sees to it that sequences increase and that there is room."""
        assert not self.full
        assert not self._unanswered or sequence > self._unanswered[-1]
        self._unanswered.append(sequence)

    def decide(self, sequence: int, verdict: Verdict) -> tuple[tuple[int, Verdict], ...]:
        """Decide one frame; return the answers that may leave now, in order."""
        self._decided[sequence] = verdict
        ready = []
        while self._unanswered and self._unanswered[0] in self._decided:
            first = self._unanswered.popleft()
            ready.append((first, self._decided.pop(first)))
        return tuple(ready)
