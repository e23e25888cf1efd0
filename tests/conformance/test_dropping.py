"""D: history that is older than what is kept is gone, is said to be gone, and nothing else is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import grpc
import pytest

from central.ledger.interface import HistoryDropped, WatchGap
from central.ledger.records import LedgerEvent
from central.ledger.wire.channels import audit_stub, parking_stub
from protos import audit_pb2, parking_pb2
from tests.conformance.engine import PATIENCE, Client, Engine, all_at, chosen, refusal_by_primary
from tests.conformance.world import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    Lot,
    alternating,
    changes_of,
    new_lot,
    occupancies,
    state_of,
    watched,
)

KEPT_S = 2.0
FLIPS = 200
"""Odd flips of A1 make it occupied: an even number leaves it vacant, one more is made later."""


@pytest.fixture(scope="module")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A group that keeps a few seconds of history."""
    group = chosen()
    group.start(tmp_path_factory.mktemp("forgetful"), keep_history_s=KEPT_S)
    try:
        yield group
    finally:
        group.stop()


@pytest.fixture
async def client(forgetful: Engine) -> AsyncIterator[Client]:
    """A client of that group."""
    client = forgetful.client()
    yield client
    await client.close()


@dataclass(frozen=True)
class Cut:
    """A lot whose first changes are gone. first, last: indexes of the first and the last change."""

    lot: Lot
    first: int
    last: int


@pytest.fixture
async def cut(client: Client) -> Cut:
    """Make changes, and wait until the first are gone."""
    lot = new_lot()
    await client.apply(lot.layout, timeout=PATIENCE)
    first = (await client.append(lot.flip(1))).index
    results = [await client.append(lot.flip(number)) for number in range(2, FLIPS + 1)]
    async with asyncio.timeout(PATIENCE):
        while True:
            pages = [page async for page in client.history(lot.lot_id, timeout=PATIENCE)]
            kept = [change.index for page in pages for change in page.changes]
            if first not in kept:
                return Cut(lot, first, results[-1].index)
            await asyncio.sleep(0.05)


async def test_a_watcher_that_missed_something_is_told_and_goes_on_from_the_state(
    client: Client, cut: Cut
) -> None:
    for missed in (0, cut.first - 1):
        with pytest.raises(WatchGap):
            async for _ in client.watch(missed, lot_ids=(cut.lot.lot_id,)):
                pass
    number = FLIPS
    events: list[LedgerEvent] = []
    while not events:
        number += 1
        state = await client.get((cut.lot.lot_id,), timeout=PATIENCE)
        await client.append(cut.lot.flip(number))
        # On a machine that stands still for seconds this is dropped as well: then once more.
        with contextlib.suppress(WatchGap):
            events = await watched(client, cut.lot, after=state.index, changes=1)
    (event,) = [one for one in events if one.changes]
    assert [change.occupancy for change in event.changes] == [OCCUPIED if number % 2 else VACANT]


async def test_what_was_dropped_is_refused_as_that(client: Client, cut: Cut) -> None:
    pages = [page async for page in client.history(cut.lot.lot_id, timeout=PATIENCE)]
    until_us = pages[-1].dropped_until_us
    assert until_us > 0
    assert all(one.committed_at_us > until_us for page in pages for one in page.changes)
    with pytest.raises(HistoryDropped):
        await client.get((cut.lot.lot_id,), as_of_us=until_us - 1, timeout=PATIENCE)
    with pytest.raises(HistoryDropped):
        await client.proof(cut.first, timeout=PATIENCE)


async def test_what_stands_is_not_touched(client: Client, cut: Cut) -> None:
    before = await state_of(client, cut.lot)
    again = await client.append(cut.lot.flip(1))  # long applied, and its change is gone
    assert again.rejected is None
    assert await state_of(client, cut.lot) == before
    await client.append(cut.lot.flip(FLIPS + 1))
    assert occupancies(await state_of(client, cut.lot)) == {"A1": OCCUPIED, "A2": UNKNOWN}
    left = await changes_of(client, cut.lot)
    assert len(left) < FLIPS
    # Its last changes in their order: the first that is left may be either.
    assert alternating(left) or alternating(left[1:])
    assert not left or left[-1].occupancy is OCCUPIED
    (lot,) = (await client.get((cut.lot.lot_id,), with_layouts=True, timeout=PATIENCE)).lots
    assert lot.layout == cut.lot.layout


async def test_what_was_dropped_is_out_of_range(
    forgetful: Engine, client: Client, cut: Cut
) -> None:
    await all_at(forgetful, client, cut.last)

    async def watch(channel: grpc.aio.Channel) -> None:
        async for _ in parking_stub(channel).Watch(parking_pb2.WatchRequest(), timeout=PATIENCE):
            pass

    async def get(channel: grpc.aio.Channel) -> None:
        await parking_stub(channel).Get(parking_pb2.GetRequest(as_of_us=1), timeout=PATIENCE)

    async def prove(channel: grpc.aio.Channel) -> None:
        request = audit_pb2.GetProofRequest(index=cut.first)
        await audit_stub(channel).GetProof(request, timeout=PATIENCE)

    for ask in (watch, get, prove):
        ended = await refusal_by_primary(forgetful, client, ask)
        assert ended.code() is grpc.StatusCode.OUT_OF_RANGE, ended
        assert "dropped" in (ended.details() or "")
