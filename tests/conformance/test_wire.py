"""E: what each refusal is on the wire, for clients in other languages (`protos/parking.proto`)."""

from collections.abc import AsyncIterator
from dataclasses import replace

import grpc
import pytest

from central.ledger.wire import batch_to_proto, layout_to_proto
from central.ledger.wire.channels import parking_stub
from protos import parking_pb2
from tests.conformance.engine import Client, Engine, all_at, primary_of
from tests.conformance.world import OCCUPIED, Lot, new_lot


@pytest.fixture
async def primary(engine: Engine, ledger: Client) -> str:
    """The primary's address, once all replicas are up."""
    await all_at(engine, ledger, 0)
    return await primary_of(engine, ledger)


@pytest.fixture
async def backup(engine: Engine, primary: str) -> str:
    """The address of a replica that is not the primary."""
    return next(address for address in engine.addresses if address != primary)


async def refusal(address: str, method: str, request: object) -> grpc.aio.AioRpcError:
    """Return the error that a call ends with."""
    async with grpc.aio.insecure_channel(address) as channel:
        stub = parking_stub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await getattr(stub, method)(request, timeout=20.0)
    return ended.value


async def test_what_only_the_primary_can_do_is_refused_with_its_address(
    backup: str, primary: str, lot: Lot
) -> None:
    for method, request in (
        ("Get", parking_pb2.GetRequest()),
        ("History", parking_pb2.HistoryRequest(lot_id=lot.lot_id)),
        ("Apply", parking_pb2.ApplyRequest(layout=layout_to_proto(lot.layout), any_version=True)),
        ("Update", parking_pb2.UpdateRequest(camera_id="gate", location=lot.lot_id)),
    ):
        error = await refusal(backup, method, request)
        assert error.code() is grpc.StatusCode.FAILED_PRECONDITION, method
        told = {str(key): value for key, value in error.trailing_metadata() or ()}
        assert told["parkledger-primary"] == primary


async def test_a_version_conflict_is_aborted(primary: str, lot: Lot) -> None:
    layout = layout_to_proto(replace(lot.layout, name="Late"))
    error = await refusal(
        primary, "Apply", parking_pb2.ApplyRequest(layout=layout, expected_version=7)
    )
    assert error.code() is grpc.StatusCode.ABORTED
    assert lot.lot_id in (error.details() or "")


async def test_what_can_never_succeed_is_an_invalid_argument_that_names_it(
    primary: str, lot: Lot
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
        error = await refusal(primary, method, request)
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT, (method, error)
        assert said in (error.details() or "")


async def test_a_stale_read_and_a_status_are_answered_by_anyone(
    engine: Engine, ledger: Client, lot: Lot
) -> None:
    await all_at(engine, ledger, 0)
    for address in engine.addresses:
        async with grpc.aio.insecure_channel(address) as channel:
            stub = parking_stub(channel)
            stale = await stub.Get(parking_pb2.GetRequest(stale_ok=True), timeout=20.0)
            assert stale.age_us >= -1
            status = await stub.GetReplicaStatus(
                parking_pb2.GetReplicaStatusRequest(), timeout=20.0
            )
            assert status.cluster_id


async def test_acks_are_cumulative_and_in_order(primary: str, lot: Lot) -> None:
    async def requests() -> AsyncIterator[parking_pb2.AppendRequest]:
        for number in range(1, 8):
            wrong = lot.batch(number, ("A1", OCCUPIED), camera_id="nobody-knows-me")
            batches = [lot.flip(number), *([wrong] if number == 4 else [])]
            yield parking_pb2.AppendRequest(
                number=number, batches=[batch_to_proto(batch) for batch in batches]
            )

    async with grpc.aio.insecure_channel(primary) as channel:
        stub = parking_stub(channel)
        answers = [answer async for answer in stub.Append(requests(), timeout=20.0)]
    acked = [answer.acked_through for answer in answers]
    assert acked == sorted(set(acked))
    assert acked[-1] == 7
    rejected = [(one.camera_id, one.sequence) for answer in answers for one in answer.rejected]
    assert rejected == [("nobody-knows-me", 4)]
