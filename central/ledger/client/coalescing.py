"""How many of the batches that wait go into the next request. Pure.

What waits goes together, for a request costs as much as some thirty batches, whatever is in it, and
more requests in flight at a time bring nothing that pays for that. What is too much for one request
is shared out evenly among as many as may be in flight.
"""

MAX_BATCHES_A_REQUEST = 256
"""Of one message, so that none grows without end."""
MAX_REQUESTS_IN_FLIGHT = 2
"""While replicas work on one request, the client makes the next of those who wait for none."""


def next_size(*, waiting: int, in_flight: int) -> int:
    """Return how many of `waiting` batches to send now; `in_flight` are in unacked requests."""
    writers = waiting + in_flight
    if writers <= MAX_BATCHES_A_REQUEST:
        return waiting
    share = -(-writers // MAX_REQUESTS_IN_FLIGHT)
    return min(waiting, share, MAX_BATCHES_A_REQUEST)
