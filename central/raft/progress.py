"""What a leader knows of one peer, and how much it may send it (section 10.2.1, pipelining)."""

from collections import deque
from dataclasses import dataclass
from enum import Enum


class Mode(Enum):
    """How a peer is brought up to date.

    PROBE: its log is not known to agree, so it gets no entries; the heartbeats are the probes.
    REPLICATE: up to `window` messages with entries are under way. SNAPSHOT: it lacks entries that
    are no longer kept, or so many that they cost more, and gets pieces of a snapshot, one at a
    time.
    """

    PROBE = "probe"
    REPLICATE = "replicate"
    SNAPSHOT = "snapshot"


@dataclass
class Sending:
    """A snapshot on its way; identity, index and size are not known until a piece was read."""

    identity: bytes | None = None
    index: int = 0
    size: int = 0
    offset: int = 0  # the piece that is wanted or under way
    ticks: int = 0  # since it was asked for
    at_least: int = 0  # an older snapshot is of no use
    unanswered: int = 0  # how often in turn it was asked for in vain


class Progress:
    """One peer. Invariants: `match < next`; in flight are only indexes above `match`;
    `sending` is there exactly in mode SNAPSHOT.
    """

    def __init__(self, *, next_index: int, window: int) -> None:
        self.match = 0
        self.next = next_index
        self.mode = Mode.PROBE
        self.sending: Sending | None = None
        self.active = False  # heard since the last check of the quorum
        self.was_active = False  # heard between the last two checks
        self.read_round = 0
        self.round_end = (
            next_index - 1
        )  # a learner's round of catching up (section 4.2.1) ends here
        self.round_ticks = 0
        self.entries_only = False  # it did not take a snapshot that it could do without
        self._window = window
        self._in_flight: deque[int] = deque()

    @property
    def full(self) -> bool:
        """Whether entries must wait: for a probe to agree, a snapshot, or room in the window."""
        return self.mode is not Mode.REPLICATE or len(self._in_flight) >= self._window

    def sent(self, last_index: int) -> None:
        """Note that entries up to `last_index` are under way; an error while `full`."""
        if self.full:
            raise AssertionError("sent entries while full")
        self._in_flight.append(last_index)
        self.next = last_index + 1

    def accepted(self, match: int) -> bool:
        """Note that the peer holds everything up to `match`; returns whether that is new."""
        grew = match > self.match
        self.match = max(self.match, match)
        self.next = max(self.next, self.match + 1)
        # Heartbeats go on beside a snapshot; only what reaches the snapshot's end ends it.
        if self.sending is None or self.match >= self.sending.index > 0:
            self.mode = Mode.REPLICATE
            self.sending = None
        while self._in_flight and self._in_flight[0] <= self.match:
            self._in_flight.popleft()
        return grew

    def refused(self, *, refused_index: int, retry_after: int) -> bool:
        """Note that the peer lacks `refused_index`; returns whether to probe again at once.

        A refusal is out of date if the peer is known to hold that index, if it answers another
        probe than the last one, or if a snapshot is on its way.
        """
        if refused_index <= self.match or self.mode is Mode.SNAPSHOT:
            return False
        if self.mode is Mode.PROBE and refused_index != self.next - 1:
            return False
        self.mode = Mode.PROBE
        self._in_flight.clear()
        self.next = max(self.match, min(retry_after, refused_index - 1)) + 1
        return True

    def begin_snapshot(self, *, at_least: int = 0) -> Sending:
        """Note that the peer gets a snapshot instead of entries."""
        self.mode = Mode.SNAPSHOT
        self.sending = Sending(at_least=at_least)
        self._in_flight.clear()
        return self.sending

    def give_up_snapshot(self) -> None:
        """Note that the peer is to be probed again, and to get entries."""
        self.mode = Mode.PROBE
        self.sending = None
        self.entries_only = True
