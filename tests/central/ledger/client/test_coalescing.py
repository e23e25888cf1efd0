"""What goes into a request: all that waits, or a fair share where there is much."""

from central.ledger.client.coalescing import (
    MAX_BATCHES_A_REQUEST,
    MAX_REQUESTS_IN_FLIGHT,
    next_size,
)


def test_few_go_together() -> None:
    for waiting in (1, 16, 64, MAX_BATCHES_A_REQUEST):
        assert next_size(waiting=waiting, in_flight=0) == waiting
    assert next_size(waiting=3, in_flight=60) == 3


def test_many_are_shared_out_evenly_and_stay_so() -> None:
    in_flight: list[int] = []
    waiting = 2 * MAX_BATCHES_A_REQUEST - 1
    for _ in range(20):
        while waiting and len(in_flight) < MAX_REQUESTS_IN_FLIGHT:
            in_flight.append(next_size(waiting=waiting, in_flight=sum(in_flight)))
            waiting -= in_flight[-1]
        assert waiting == 0  # nobody is left out
        assert max(in_flight) - min(in_flight) <= 1
        waiting = in_flight.pop(0)  # acked: those writers write again


def test_lumps_that_were_acked_together_part_again() -> None:
    first = next_size(waiting=300, in_flight=0)
    assert next_size(waiting=300 - first, in_flight=first) == first == 150


def test_no_request_is_longer_than_allowed() -> None:
    assert next_size(waiting=5000, in_flight=0) == MAX_BATCHES_A_REQUEST
    assert next_size(waiting=5000, in_flight=MAX_BATCHES_A_REQUEST) == MAX_BATCHES_A_REQUEST
