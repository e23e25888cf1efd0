from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.outbox import Counts, Outbox, UnexpectedAck

OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("capture"), st.integers(0, 2)),
        st.tuples(st.just("open"), st.integers(1, 3)),
        st.sampled_from([(name, 0) for name in ("take", "sent", "refuse", "ack", "close")]),
    ),
    max_size=60,
)


@dataclass
class Twin:
    """The naive model: the fate of every frame that was ever captured, in one list."""

    fates: list[str] = field(default_factory=list)
    credit: int = 0

    def numbers(self, fate: str) -> list[int]:
        return [number for number, is_fate in enumerate(self.fates, 1) if is_fate == fate]

    def turn(self, old: str, new: str) -> None:
        self.fates = [new if fate == old else fate for fate in self.fates]

    def turn_first(self, old: str, new: str) -> None:
        self.fates[self.numbers(old)[0] - 1] = new

    def capture(self, missed: int) -> None:
        self.turn("waiting", "dropped")
        self.fates += ["dropped"] * missed + ["waiting"]

    def take(self) -> int | None:
        waiting = self.numbers("waiting")
        if not waiting or len(self.numbers("in flight")) >= self.credit:
            return None
        self.turn("waiting", "in hand")
        return waiting[0]

    def close(self) -> None:
        self.turn("in flight", "lost")
        self.turn("in hand", "dropped" if self.numbers("waiting") else "waiting")
        self.credit = 0

    def counts(self) -> Counts:
        total = {fate: len(self.numbers(fate)) for fate in set(self.fates)}
        acked, lost = total.get("acked", 0), total.get("lost", 0)
        return Counts(
            captured=len(self.fates),
            dropped=total.get("dropped", 0),
            refused=total.get("refused", 0),
            sent=acked + lost + total.get("in flight", 0),
            acked=acked,
            lost=lost,
        )


def do(outbox: Outbox[str], twin: Twin, operation: str, argument: int) -> None:
    """Do one operation to both, if the contract allows it now."""
    in_hand, in_flight = twin.numbers("in hand"), twin.numbers("in flight")
    match operation:
        case "capture":
            assert outbox.capture("a frame", missed=argument) == len(twin.fates) + argument + 1
            twin.capture(argument)
        case "open" if not in_flight:
            outbox.open(argument)
            twin.credit = argument
        case "take" if not in_hand:
            taken = outbox.take()
            assert (taken.sequence if taken else None) == twin.take()
        case "sent" if in_hand:
            outbox.sent(now=float(in_hand[0]))
            twin.turn("in hand", "in flight")
        case "refuse" if in_hand:
            outbox.refuse()
            twin.turn("in hand", "refused")
        case "ack" if in_flight:
            outbox.ack(in_flight[0], classified=True)
            twin.turn_first("in flight", "acked")
        case "close":
            assert outbox.close() == len(in_flight)
            twin.close()


@given(OPERATIONS)
def test_behaves_like_the_naive_twin(operations: list[tuple[str, int]]) -> None:
    outbox: Outbox[str] = Outbox()
    twin = Twin()
    for operation, argument in operations:
        do(outbox, twin, operation, argument)
        in_flight = twin.numbers("in flight")
        assert outbox.counts == twin.counts()
        assert outbox.in_flight == len(in_flight) <= max(1, twin.credit)
        assert outbox.oldest_sent_at == (in_flight[0] if in_flight else None)
        under_way = {"waiting", "in hand", "in flight"} & set(twin.fates)
        assert outbox.idle == (not under_way)


def test_nothing_leaves_before_a_processor_gave_credits() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.capture("early")
    assert outbox.take() is None


def test_the_newest_frame_waits_and_the_one_before_is_dropped() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.capture("old")
    outbox.capture("new")
    outbox.open(1)
    taken = outbox.take()
    assert taken is not None
    assert (taken.sequence, taken.item) == (2, "new")
    assert outbox.counts.dropped == 1


@pytest.mark.parametrize("sequence", [0, 2, 7])
def test_an_ack_of_another_frame_than_the_oldest_breaks_the_contract(sequence: int) -> None:
    outbox: Outbox[str] = Outbox()
    outbox.open(2)
    for _ in range(2):
        outbox.capture("frame")
        outbox.take()
        outbox.sent(now=0.0)
    with pytest.raises(UnexpectedAck, match=f"acked frame {sequence}, expected 1"):
        outbox.ack(sequence, classified=True)


def test_acks_without_classification_are_counted_apart() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.open(1)
    outbox.capture("frame")
    outbox.take()
    outbox.sent(now=0.0)
    outbox.ack(1, classified=False)
    assert (outbox.counts.acked, outbox.counts.unclassified) == (1, 1)
