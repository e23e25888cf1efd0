"""What the primary does with the requests of a stream, whatever carries them."""

import asyncio

import pytest

from central.ledger import wire
from central.ledger.errors import OutcomeUnknown
from central.ledger.services.append_service import MAX_IN_WORK, Appending
from central.raft import Overloaded
from protos import parking_pb2
from tests.central.ledger.cluster import DEADLINE
from tests.central.ledger.samples import OCCUPIED, batch
from tests.central.ledger.services.primary import Primary


class Acks:
    """A line that notes what it is told."""

    def __init__(self) -> None:
        self.acked: list[int] = []
        self.said = asyncio.Event()
        self.room = 0

    def answer(self, response: parking_pb2.AppendResponse) -> None:
        self.acked.append(response.acked_through)
        self.said.set()

    def go_on(self) -> None:
        self.room += 1


def request(number: int) -> parking_pb2.AppendRequest:
    return wire.append_to_proto(number, [batch("near", number, ("A1", OCCUPIED))])


async def test_what_is_applied_together_is_acked_with_one_message() -> None:
    primary, acks = Primary(later=True), Acks()
    appending = Appending(primary.replica)
    for number in range(1, MAX_IN_WORK + 1):
        assert not appending.is_full
        appending.take(request(number), acks)
    assert appending.is_full
    primary.apply(3)
    async with asyncio.timeout(DEADLINE):
        await acks.said.wait()
    assert (acks.acked, acks.room) == ([3], 1)
    assert not appending.is_full
    appending.close()


async def test_what_was_applied_before_a_failure_is_acked_and_nothing_is_taken_after() -> None:
    primary, acks = Primary(later=True), Acks()
    appending = Appending(primary.replica)
    for number in range(1, 5):
        appending.take(request(number), acks)
    primary.apply(2)
    primary.lose(OutcomeUnknown())  # in the same turn of the event loop
    appending.take(request(5), acks)
    with pytest.raises(OutcomeUnknown):
        async with asyncio.timeout(DEADLINE):
            await appending.over
    appending.take(request(6), acks)
    assert primary.taken == [1, 2, 3, 4]
    assert acks.acked == [2]
    appending.close()


async def test_a_request_that_cannot_be_proposed_ends_it_once_the_others_are_acked() -> None:
    primary, acks = Primary(later=True, refuses=(2,)), Acks()
    appending = Appending(primary.replica)
    appending.take(request(1), acks)
    appending.take(request(2), acks)
    appending.take(request(3), acks)
    assert not appending.over.done()
    primary.apply(1)
    with pytest.raises(Overloaded):
        async with asyncio.timeout(DEADLINE):
            await appending.over
    assert (primary.taken, acks.acked) == ([1], [1])
    appending.close()


async def test_of_what_is_closed_nothing_is_said() -> None:
    primary, acks = Primary(later=True), Acks()
    appending = Appending(primary.replica)
    appending.take(request(1), acks)
    appending.close()
    await asyncio.sleep(0)
    appending.take(request(2), acks)
    assert (primary.taken, acks.acked, appending.is_idle) == ([1], [], True)
