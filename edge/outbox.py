"""PURE: what happens to each captured frame between the source and a processor's ack.

    captured -> waiting -> in hand -> in flight -> acked
                  |          |           |
               dropped    refused       lost

waiting: at most one frame; a newer one replaces it, which drops it (newest wins).
in hand: at most one frame, being encoded; too large a one is refused here.
in flight: sent and not acked, never more than the processor's credits. If the stream breaks
these are lost: resending would be safe, as the ledger knows their keys, but a stale frame is
worth less than the next one, so none is ever sent twice.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

T = TypeVar("T")


class UnexpectedAck(Exception):
    """The processor acked a frame other than the oldest in flight."""


@dataclass(frozen=True)
class Counts:
    """Totals since the process started, in frames.

    captured = dropped + refused + sent + waiting + in hand; sent = acked + lost + in flight.
    unclassified: the part of acked that the processor took without classifying it.
    """

    captured: int = 0
    dropped: int = 0
    refused: int = 0
    sent: int = 0
    acked: int = 0
    unclassified: int = 0
    lost: int = 0

    def __str__(self) -> str:
        return (
            f"captured={self.captured} sent={self.sent} acked={self.acked} "
            f"unclassified={self.unclassified} dropped={self.dropped} refused={self.refused} "
            f"lost={self.lost}"
        )


@dataclass(frozen=True)
class Numbered(Generic[T]):
    """A frame with its sequence number, which counts captured frames from 1."""

    sequence: int
    item: T


@dataclass(frozen=True)
class _InFlight:
    sequence: int
    sent_at: float


class Outbox(Generic[T]):
    """Bounded by construction: one waiting, one in hand, `credits` in flight."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._credits = 0
        self._waiting: Numbered[T] | None = None
        self._in_hand: Numbered[T] | None = None
        self._in_flight: deque[_InFlight] = deque()

    @property
    def idle(self) -> bool:
        """True if no frame is on its way."""
        return self._waiting is None and self._in_hand is None and not self._in_flight

    @property
    def in_flight(self) -> int:
        """Frames sent and not acked."""
        return len(self._in_flight)

    @property
    def oldest_sent_at(self) -> float | None:
        """When the frame that has been in flight longest was sent."""
        return self._in_flight[0].sent_at if self._in_flight else None

    def capture(self, item: T, *, missed: int = 0) -> int:
        """Take a new frame and return its sequence number; it replaces a waiting one.

        missed: frames selected before this one that it replaced on the way here.
        """
        dropped = missed + (self._waiting is not None)
        self.counts = replace(
            self.counts,
            captured=self.counts.captured + missed + 1,
            dropped=self.counts.dropped + dropped,
        )
        self._waiting = Numbered(self.counts.captured, item)
        return self._waiting.sequence

    def open(self, credit: int) -> None:
        """Begin a stream on which `credit` frames may be unacked."""
        assert not self._in_flight, "close() comes first"
        self._credits = credit

    def take(self) -> Numbered[T] | None:
        """Take the waiting frame in hand if it may be sent; follow with sent() or refuse()."""
        assert self._in_hand is None, "sent() or refuse() comes first"
        if len(self._in_flight) >= self._credits:
            return None
        self._in_hand, self._waiting = self._waiting, None
        return self._in_hand

    def sent(self, *, now: float) -> None:
        """The frame in hand leaves."""
        assert self._in_hand is not None
        self._in_flight.append(_InFlight(self._in_hand.sequence, now))
        self._in_hand = None
        self.counts = replace(self.counts, sent=self.counts.sent + 1)

    def refuse(self) -> None:
        """The frame in hand will not be sent: it is larger than the processor takes."""
        assert self._in_hand is not None
        self._in_hand = None
        self.counts = replace(self.counts, refused=self.counts.refused + 1)

    def ack(self, sequence: int, *, classified: bool) -> None:
        """The processor is done with a frame; raises UnexpectedAck if it is not the oldest."""
        expected = self._in_flight[0].sequence if self._in_flight else None
        if sequence != expected:
            raise UnexpectedAck(f"acked frame {sequence}, expected {expected or 'none'}")
        self._in_flight.popleft()
        self.counts = replace(
            self.counts,
            acked=self.counts.acked + 1,
            unclassified=self.counts.unclassified + (not classified),
        )

    def close(self) -> int:
        """End the stream: what was in flight is lost; returns how many.

        A frame in hand waits again, unless a newer one does.
        """
        lost = len(self._in_flight)
        dropped = self._in_hand is not None and self._waiting is not None
        self.counts = replace(
            self.counts, lost=self.counts.lost + lost, dropped=self.counts.dropped + dropped
        )
        self._waiting = self._waiting or self._in_hand
        self._in_hand = None
        self._in_flight.clear()
        self._credits = 0
        return lost
