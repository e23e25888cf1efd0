"""Lots, spots and counts as they are now, as protos and back."""

from central.ledger.records import (
    CameraState,
    LedgerState,
    LotCount,
    LotState,
    Occupancy,
    SpotState,
    ViewState,
)
from central.ledger.wire.conditions import condition_from_proto, condition_to_proto
from central.ledger.wire.layouts import layout_from_proto, layout_to_proto
from central.ledger.wire.occupancies import occupancy_from_proto, occupancy_to_proto
from protos import parking_pb2


def state_to_proto(state: LedgerState) -> parking_pb2.GetResponse:
    """Return an answer's message."""
    return parking_pb2.GetResponse(
        index=state.index, age_us=state.age_us, lots=[_lot_to_proto(lot) for lot in state.lots]
    )


def state_from_proto(response: parking_pb2.GetResponse) -> LedgerState:
    """Return the answer of a message."""
    return LedgerState(
        index=response.index,
        age_us=response.age_us,
        lots=tuple(_lot_from_proto(lot) for lot in response.lots),
    )


def _lot_to_proto(lot: LotState) -> parking_pb2.LotState:
    return parking_pb2.LotState(
        lot_id=lot.lot_id,
        name=lot.name,
        layout_version=lot.layout_version,
        layout=layout_to_proto(lot.layout) if lot.layout else None,
        spots=[
            parking_pb2.SpotState(
                spot_id=spot.spot_id,
                occupancy=occupancy_to_proto(spot.occupancy),
                confidence_permyriad=spot.confidence,
                camera_id=spot.camera_id,
                since_us=spot.since_us,
                views=[
                    parking_pb2.ViewState(
                        camera_id=view.camera_id,
                        occupancy=occupancy_to_proto(view.occupancy),
                        confidence_permyriad=view.confidence,
                        captured_at_us=view.captured_at_us,
                        late_us=view.late_us,
                    )
                    for view in spot.views
                ],
                layout_version=spot.layout_version,
                model=spot.model,
            )
            for spot in lot.spots
        ],
        occupied=lot.count(Occupancy.OCCUPIED),
        vacant=lot.count(Occupancy.VACANT),
        unknown=lot.count(Occupancy.UNKNOWN),
        counts=[count_to_proto(count) for count in lot.counts],
        cameras=[
            parking_pb2.CameraState(
                camera_id=camera.camera_id,
                condition=condition_to_proto(camera.condition),
                since_us=camera.since_us,
                detail=camera.detail,
            )
            for camera in lot.cameras
        ],
        layout_at_us=lot.layout_at_us,
    )


def _lot_from_proto(lot: parking_pb2.LotState) -> LotState:
    return LotState(
        lot_id=lot.lot_id,
        name=lot.name,
        layout_version=lot.layout_version,
        spots=tuple(
            SpotState(
                spot_id=spot.spot_id,
                occupancy=occupancy_from_proto(spot.occupancy),
                confidence=spot.confidence_permyriad,
                camera_id=spot.camera_id,
                since_us=spot.since_us,
                views=tuple(
                    ViewState(
                        view.camera_id,
                        occupancy_from_proto(view.occupancy),
                        view.confidence_permyriad,
                        view.captured_at_us,
                        view.late_us if view.HasField("late_us") else None,
                    )
                    for view in spot.views
                ),
                layout_version=spot.layout_version,
                model=spot.model,
            )
            for spot in lot.spots
        ),
        counts=tuple(count_from_proto(count) for count in lot.counts),
        layout=layout_from_proto(lot.layout) if lot.HasField("layout") else None,
        cameras=tuple(
            CameraState(
                camera.camera_id,
                condition_from_proto(camera.condition),
                camera.since_us,
                camera.detail,
            )
            for camera in lot.cameras
        ),
        layout_at_us=lot.layout_at_us,
    )


def count_to_proto(count: LotCount) -> parking_pb2.LotCount:
    """Return a count's message."""
    return parking_pb2.LotCount(
        reporter=count.reporter,
        available_spaces=count.available_spaces,
        counted_at_us=count.counted_at_us,
        stale=count.stale,
        status=count.status,
    )


def count_from_proto(count: parking_pb2.LotCount) -> LotCount:
    """Return the count of a message."""
    return LotCount(
        reporter=count.reporter,
        available_spaces=count.available_spaces,
        counted_at_us=count.counted_at_us,
        stale=count.stale,
        status=count.status,
    )
