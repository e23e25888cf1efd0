"""The primary's side of an append stream, with a replica that does as it is told."""

import asyncio
from collections.abc import Iterable
from typing import Any, cast

import grpc
import pytest

from central.ledger import wire
from central.ledger.command import StoredBatches
from central.ledger.outcome import Appended, Outcome
from central.ledger.replica.replica import Replica
from central.ledger.services.append_service import Appending
from central.ledger.wire.channels import Context
from central.ledger.wire.columns import takes_columns
from central.raft import Overloaded
from protos import parking_pb2
from tests.central.ledger.samples import OCCUPIED, batch


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


class Primary:
    """Takes every request but those of the named sequences."""

    applied_index = 7

    def __init__(self, *, refuses: tuple[int, ...] = ()) -> None:
        self._refuses = refuses
        self.taken: list[int] = []

    def append(self, batches: StoredBatches) -> "asyncio.Future[Outcome]":
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        sequence = batches.batches[0][2]
        if sequence in self._refuses:
            outcome.set_exception(Overloaded("try later"))
        else:
            self.taken.append(sequence)
            outcome.set_result(Appended())
        return outcome


def appending(primary: Primary, stream: Stream) -> Appending:
    return Appending(cast(Replica, primary), cast(Context, stream))


async def test_all_that_is_taken_is_acked() -> None:
    primary, stream = Primary(), Stream(1, 2, 3)
    await appending(primary, stream).serve()
    assert primary.taken == [1, 2, 3]
    assert stream.acked[-1] == 3
    assert takes_columns(stream.metadata)


async def test_of_a_stream_nothing_is_taken_after_what_was_refused() -> None:
    """Else its sequence would hide what was refused: sent again, that would be a duplicate."""
    primary, stream = Primary(refuses=(2,)), Stream(1, 2, 3)
    with pytest.raises(Overloaded):
        await appending(primary, stream).serve()
    assert primary.taken == [1]
    assert stream.acked in ([], [1])
