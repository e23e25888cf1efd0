"""How many of the batches that wait go into the next request. Pure.

What waits goes together, for a request costs as much as some thirty batches, whatever is in it.
But writers who all wait for one request stand still together: while they make their next batches
the replicas have nothing to do, and the other way round. So where there are enough for it, requests
are in flight side by side, each with its share of them.
"""

MAX_BATCHES_A_REQUEST = 256
"""Of one message, so that none grows without end."""
MAX_REQUESTS_IN_FLIGHT = 2
"""While replicas work on one request, the client makes the next."""
WORTH_A_REQUEST = 96
"""Batches of a request from which on another one beside it is better than a larger one."""


def next_size(*, waiting: int, in_flight: int) -> int:
    """Return how many of `waiting` batches to send now; `in_flight` are in unacked requests."""
    writers = waiting + in_flight
    if writers < WORTH_A_REQUEST * MAX_REQUESTS_IN_FLIGHT:
        return min(waiting, MAX_BATCHES_A_REQUEST)
    share = -(-writers // MAX_REQUESTS_IN_FLIGHT)
    return min(waiting, share, MAX_BATCHES_A_REQUEST)
