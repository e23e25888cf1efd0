"""E: what each refusal is on the wire, for clients in other languages (`protos/parking.proto`)."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias

import grpc
import pytest

from central.ledger.wire import batch_to_proto, layout_to_proto
from central.ledger.wire.channels import parking_stub
from protos import parking_pb2
from tests.conformance.engine import (
    MOVED,
    PATIENCE,
    Client,
    Engine,
    all_at,
    primary_of,
    refusal_by_primary,
)
from tests.conformance.world import OCCUPIED, Lot, new_lot

Refusal: TypeAlias = Callable[[str, object], Awaitable[grpc.aio.AioRpcError]]


def call(method: str, request: object) -> Callable[[grpc.aio.Channel], Awaitable[object]]:
    """Return what asks a replica for that."""
    return lambda channel: getattr(parking_stub(channel), method)(request, timeout=PATIENCE)


@pytest.fixture
async def refusal(engine: Engine, ledger: Client) -> Refusal:
    """What the primary refuses a request with, once all replicas are up."""
    await all_at(engine, ledger, 0)
    return lambda method, request: refusal_by_primary(engine, ledger, call(method, request))


async def backup_s_refusal(
    engine: Engine, client: Client, method: str, request: object
) -> tuple[grpc.aio.AioRpcError, str]:
    """Return what a replica that is not the primary refuses it with, and who the primary is."""
    async with asyncio.timeout(PATIENCE):
        while True:
            primary = await primary_of(engine, client)
            backup = next(address for address in engine.addresses if address != primary)
            async with grpc.aio.insecure_channel(backup) as channel:
                try:
                    await call(method, request)(channel)
                except grpc.aio.AioRpcError as error:
                    if error.trailing_metadata() and await primary_of(engine, client) == primary:
                        return error, primary
                    continue  # nobody leads it, or another one does
            assert await primary_of(engine, client) != primary, "a backup did not refuse it"


async def test_what_only_the_primary_can_do_is_refused_with_its_address(
    engine: Engine, ledger: Client, lot: Lot
) -> None:
    await all_at(engine, ledger, 0)
    for method, request in (
        ("Get", parking_pb2.GetRequest()),
        ("History", parking_pb2.HistoryRequest(lot_id=lot.lot_id)),
        ("Apply", parking_pb2.ApplyRequest(layout=layout_to_proto(lot.layout), any_version=True)),
        ("Update", parking_pb2.UpdateRequest(camera_id="gate", location=lot.lot_id)),
    ):
        error, primary = await backup_s_refusal(engine, ledger, method, request)
        assert error.code() is grpc.StatusCode.FAILED_PRECONDITION, method
        told = {str(key): value for key, value in error.trailing_metadata() or ()}
        assert told["parkledger-primary"] == primary


async def test_a_version_conflict_is_aborted(refusal: Refusal, lot: Lot) -> None:
    layout = layout_to_proto(replace(lot.layout, name="Late"))
    error = await refusal("Apply", parking_pb2.ApplyRequest(layout=layout, expected_version=7))
    assert error.code() is grpc.StatusCode.ABORTED
    assert lot.lot_id in (error.details() or "")


async def test_what_can_never_succeed_is_an_invalid_argument_that_names_it(
    refusal: Refusal, lot: Lot
) -> None:
    wrong = layout_to_proto(new_lot().layout)
    del wrong.cameras[0].regions[0].corners[0]
    for method, request, said in (
        ("Get", parking_pb2.GetRequest(lot_ids=["never-was"]), "never-was"),
        ("History", parking_pb2.HistoryRequest(lot_id="never-was"), "never-was"),
        ("Apply", parking_pb2.ApplyRequest(layout=wrong, any_version=True), "3 corners"),
        ("Update", parking_pb2.UpdateRequest(camera_id="", location=lot.lot_id), "camera id ''"),
        (
            "History",
            parking_pb2.HistoryRequest(lot_id=lot.lot_id, page_token=b"nonsense"),
            "token",
        ),
    ):
        error = await refusal(method, request)
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT, (method, error)
        assert said in (error.details() or "")


async def test_a_stale_read_and_a_status_are_answered_by_anyone(
    engine: Engine, ledger: Client, lot: Lot
) -> None:
    await all_at(engine, ledger, 0)
    for address in engine.addresses:
        async with grpc.aio.insecure_channel(address) as channel:
            stub = parking_stub(channel)
            stale = await stub.Get(parking_pb2.GetRequest(stale_ok=True), timeout=PATIENCE)
            assert stale.age_us >= -1
            status = await stub.GetReplicaStatus(
                parking_pb2.GetReplicaStatusRequest(), timeout=PATIENCE
            )
            assert status.cluster_id


async def test_acks_are_cumulative_and_in_order(engine: Engine, ledger: Client, lot: Lot) -> None:
    async def requests(stranger: str) -> AsyncIterator[parking_pb2.AppendRequest]:
        for number in range(1, 8):
            wrong = lot.batch(number, ("A1", OCCUPIED), camera_id=stranger)
            batches = [lot.flip(number), *([wrong] if number == 4 else [])]
            yield parking_pb2.AppendRequest(
                number=number, batches=[batch_to_proto(batch) for batch in batches]
            )

    async def answers(stranger: str) -> list[parking_pb2.AppendResponse] | None:
        """What the primary answers; None where another one leads now."""
        async with grpc.aio.insecure_channel(await primary_of(engine, ledger)) as channel:
            stream = parking_stub(channel).Append(requests(stranger), timeout=PATIENCE)
            try:
                return [answer async for answer in stream]
            except grpc.aio.AioRpcError as error:
                if error.code() not in MOVED:
                    raise
                return None

    # A stranger of its own each time: what was rejected is not rejected again.
    strangers = (f"nobody-knows-me-{number}" for number in itertools.count())
    found = None
    while found is None:
        stranger = next(strangers)
        found = await answers(stranger)
    acked = [answer.acked_through for answer in found]
    assert acked == sorted(set(acked))
    assert acked[-1] == 7
    rejected = [(one.camera_id, one.sequence) for answer in found for one in answer.rejected]
    assert rejected == [(stranger, 4)]
