"""Single spots as they are now, as protos and back."""

from collections.abc import Iterable, Sequence

from central.ledger.interface import LedgerRefused
from central.ledger.records import SpotReading, SpotState
from central.ledger.wire.occupancies import occupancy_from_proto
from protos import parking_pb2

MAX_SPOTS = 256

SpotName = tuple[str, str]
"""Lot and spot."""


def spots_request_to_proto(names: Iterable[SpotName]) -> parking_pb2.GetSpotsRequest:
    """Return the message that asks for these."""
    return parking_pb2.GetSpotsRequest(
        spots=[parking_pb2.SpotName(lot_id=lot_id, spot_id=spot_id) for lot_id, spot_id in names]
    )


def spots_request_from_proto(request: parking_pb2.GetSpotsRequest) -> list[SpotName]:
    """Return the lots and spots that are asked for; LedgerRefused for none or too many."""
    if not 0 < len(request.spots) <= MAX_SPOTS:
        raise LedgerRefused(
            f"a request for {len(request.spots)} spots: name 1 to {MAX_SPOTS} in one request"
        )
    return [(name.lot_id, name.spot_id) for name in request.spots]


def spots_to_proto(
    index: int, rows: Iterable[tuple[str, int, int, str, int, int, str] | None]
) -> parking_pb2.GetSpotsResponse:
    """Return the answer's message, of rows as `Queries.spots` gives them."""
    return parking_pb2.GetSpotsResponse(index=index, spots=[_answer(row) for row in rows])


def spots_from_proto(
    response: parking_pb2.GetSpotsResponse, names: Sequence[SpotName]
) -> list[SpotReading | LedgerRefused]:
    """Return what is known of each spot that was asked for."""
    index = response.index
    return [
        SpotReading(index, _state(answer.spot))
        if answer.HasField("spot")
        else LedgerRefused(
            f"spot '{spot_id}' of lot '{lot_id}' is not known: look at the lot's layout"
        )
        for answer, (lot_id, spot_id) in zip(response.spots, names, strict=True)
    ]


def _answer(
    row: tuple[str, int, int, str, int, int, str] | None,
) -> parking_pb2.SpotAnswer:
    if row is None:
        return parking_pb2.SpotAnswer()
    spot_id, occupancy, confidence, camera_id, since_us, layout_version, model = row
    return parking_pb2.SpotAnswer(
        spot=parking_pb2.SpotState(
            spot_id=spot_id,
            occupancy=parking_pb2.Occupancy.ValueType(occupancy),
            confidence_permyriad=confidence,
            camera_id=camera_id,
            since_us=since_us,
            layout_version=layout_version,
            model=model,
        )
    )


def _state(spot: parking_pb2.SpotState) -> SpotState:
    return SpotState(
        spot_id=spot.spot_id,
        occupancy=occupancy_from_proto(spot.occupancy),
        confidence=spot.confidence_permyriad,
        camera_id=spot.camera_id,
        since_us=spot.since_us,
        layout_version=spot.layout_version,
        model=spot.model,
    )
