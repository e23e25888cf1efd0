"""The gRPC call of an append stream, with a replica that does as it is told."""

import asyncio
from collections.abc import Iterable
from typing import Any, cast

import grpc
import pytest

from central.ledger import wire
from central.ledger.services.append_call import serve_appends
from central.ledger.services.append_lanes import Lanes
from central.ledger.wire.channels import Context
from central.ledger.wire.columns import takes_columns
from central.ledger.wire.lanes import offer_of
from central.raft import Overloaded
from node.address import Address
from protos import parking_pb2
from tests.central.ledger.samples import OCCUPIED, batch
from tests.central.ledger.services.primary import Primary


class Stream:
    """Requests of one batch each, all of them there at once."""

    def __init__(self, *numbers: int) -> None:
        self._left = list(numbers)
        self.acked: list[int] = []
        self.metadata: list[tuple[str, str]] = []

    async def send_initial_metadata(self, metadata: Iterable[tuple[str, str]]) -> None:
        assert not self.acked
        self.metadata += metadata

    async def read(self) -> Any:
        if not self._left:
            return grpc.aio.EOF
        number = self._left.pop(0)
        return wire.append_to_proto(number, [batch("near", number, ("A1", OCCUPIED))])

    async def write(self, response: parking_pb2.AppendResponse) -> None:
        self.acked.append(response.acked_through)


def serving(primary: Primary, stream: Stream, lanes: Lanes) -> "asyncio.Future[None]":
    return asyncio.ensure_future(serve_appends(primary.replica, cast(Context, stream), lanes))


async def test_all_that_is_taken_is_acked() -> None:
    primary, stream = Primary(), Stream(1, 2, 3)
    await serving(primary, stream, Lanes())
    assert primary.taken == [1, 2, 3]
    assert stream.acked[-1] == 3
    assert takes_columns(stream.metadata)


async def test_of_a_stream_nothing_is_taken_after_what_was_refused() -> None:
    """Else its sequence would hide what was refused: sent again, that would be a duplicate."""
    primary, stream = Primary(refuses=(2,)), Stream(1, 2, 3)
    with pytest.raises(Overloaded):
        await serving(primary, stream, Lanes())
    assert primary.taken == [1]
    assert stream.acked == [1]  # what was applied before is told first


async def test_a_lane_is_offered_where_its_door_is_open() -> None:
    lanes = Lanes()
    without, there = Stream(), Stream()
    await serving(Primary(), without, lanes)
    await lanes.open(Address("127.0.0.1", 0))
    try:
        await serving(Primary(), there, lanes)
    finally:
        lanes.close()
    assert offer_of(without.metadata) is None
    assert offer_of(there.metadata) is not None
