"""Answers leave in the order of the frames."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.processor.ack_order import AckOrder
from central.processor.frames import CLASSIFIED, Outcome, Verdict

SHED = Verdict(Outcome.OVERLOADED, "shed")


def test_a_shed_frame_waits_for_the_older_one_in_work() -> None:
    order = AckOrder(limit=3)
    for sequence in (4, 7, 9):
        order.received(sequence)
    assert order.full
    assert order.decide(7, SHED) == ()
    assert order.decide(4, CLASSIFIED) == ((4, CLASSIFIED), (7, SHED))
    assert not order.full
    assert order.decide(9, CLASSIFIED) == ((9, CLASSIFIED),)


def test_one_too_many_is_an_error() -> None:
    order = AckOrder(limit=1)
    order.received(1)
    with pytest.raises(AssertionError):
        order.received(2)


@given(st.permutations(range(1, 9)))
def test_whatever_the_order_of_deciding(decided: list[int]) -> None:
    order = AckOrder(limit=8)
    for sequence in range(1, 9):
        order.received(sequence)
    answered = [answer for sequence in decided for answer in order.decide(sequence, CLASSIFIED)]
    assert answered == [(sequence, CLASSIFIED) for sequence in range(1, 9)]
