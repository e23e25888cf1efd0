"""What a leader knows of one follower, and how much it may send it (section 10.2.1, pipelining)."""

from collections import deque


class Progress:
    """One follower. Invariant: `match < next`; in flight are only indexes above `match`.

    While probing (the follower's log is not known to agree) it gets no entries: the heartbeats are
    the probes. While pipelining, up to `window` messages with entries are under way.
    """

    def __init__(self, *, next_index: int, window: int) -> None:
        self.match = 0
        self.next = next_index
        self.probing = True
        self.active = False  # heard since the last check of the quorum
        self.read_round = 0
        self._window = window
        self._in_flight: deque[int] = deque()

    @property
    def full(self) -> bool:
        """Whether entries must wait: for a probe to agree, or for room in the window."""
        return self.probing or len(self._in_flight) >= self._window

    def sent(self, last_index: int) -> None:
        """Note that entries up to `last_index` are under way; an error while `full`."""
        if self.full:
            raise AssertionError("sent entries while full")
        self._in_flight.append(last_index)
        self.next = last_index + 1

    def accepted(self, match: int) -> bool:
        """Note that the follower holds everything up to `match`; returns whether that is new."""
        grew = match > self.match
        self.match = max(self.match, match)
        self.next = max(self.next, self.match + 1)
        self.probing = False
        while self._in_flight and self._in_flight[0] <= self.match:
            self._in_flight.popleft()
        return grew

    def refused(self, *, refused_index: int, retry_after: int) -> bool:
        """Note that the follower lacks `refused_index`; returns whether to probe again at once.

        A refusal is out of date if the follower is known to hold that index, or if it answers
        another probe than the last one.
        """
        if refused_index <= self.match or (self.probing and refused_index != self.next - 1):
            return False
        self.probing = True
        self._in_flight.clear()
        self.next = max(self.match, min(retry_after, refused_index - 1)) + 1
        return True
