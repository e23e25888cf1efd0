"""What was, as protos and back."""

from central.ledger.interface import LedgerRefused
from central.ledger.queries.history import DEFAULT_PAGE, MOST_A_PAGE, HistoryQuestion, Page, Place
from central.ledger.records import HistoryPage, OccupancyChange, RecordedChange
from central.ledger.wire import conditions
from central.ledger.wire.occupancies import occupancy_from_proto, occupancy_to_proto
from protos import parking_pb2


def question_from_proto(request: parking_pb2.HistoryRequest) -> HistoryQuestion:
    """Return what is asked; raises LedgerRefused for a time, size or token that cannot be."""
    for name, value in (("since_us", request.since_us), ("until_us", request.until_us)):
        if value < 0:
            raise LedgerRefused(f"{name} {value} is before 1970: give 0 for no limit")
    if request.until_us and request.until_us <= request.since_us:
        raise LedgerRefused(
            f"since_us {request.since_us} is not before until_us {request.until_us}: "
            "give the earlier one first"
        )
    if request.page_size > MOST_A_PAGE:
        raise LedgerRefused(f"page_size {request.page_size}: the most is {MOST_A_PAGE}")
    return HistoryQuestion(
        lot_id=request.lot_id,
        spot_ids=tuple(request.spot_ids),
        since_us=request.since_us,
        until_us=request.until_us,
        page_size=request.page_size or DEFAULT_PAGE,
        after=Place.of_token(request.page_token) if request.page_token else None,
    )


def page_to_proto(page: Page, *, index: int, age_us: int) -> parking_pb2.HistoryResponse:
    """Return a page's message, straight from its rows."""
    response = parking_pb2.HistoryResponse(
        index=index,
        age_us=age_us,
        next_page_token=page.end.token() if page.end is not None else b"",
        cameras=[conditions.recorded_to_proto(one) for one in page.cameras],
        dropped_until_us=page.dropped_until_us,
    )
    add, lot_id = response.changes.add, page.lot_id
    to_state = parking_pb2.Occupancy.ValueType
    # Field by field: half of what keyword arguments take, and a page has thousands.
    for (
        at_index,
        _,
        at_us,
        spot_id,
        was,
        now,
        confidence,
        camera_id,
        captured_at_us,
        layout_version,
        model,
    ) in page.rows:
        one = add(index=at_index, committed_at_us=at_us)
        change = one.change
        change.lot_id = lot_id
        change.spot_id = spot_id
        change.previous = to_state(was)
        change.occupancy = to_state(now)
        change.confidence_permyriad = confidence
        change.camera_id = camera_id
        change.captured_at_us = captured_at_us
        change.layout_version = layout_version
        change.model = model
    return response


def page_from_proto(response: parking_pb2.HistoryResponse) -> HistoryPage:
    """Return the page of a message."""
    return HistoryPage(
        index=response.index,
        age_us=response.age_us,
        changes=tuple(
            RecordedChange(one.index, one.committed_at_us, change_from_proto(one.change))
            for one in response.changes
        ),
        cameras=tuple(conditions.recorded_from_proto(one) for one in response.cameras),
        dropped_until_us=response.dropped_until_us,
    )


def change_to_proto(change: OccupancyChange) -> parking_pb2.OccupancyChange:
    """Return a change's message."""
    return parking_pb2.OccupancyChange(
        lot_id=change.lot_id,
        spot_id=change.spot_id,
        previous=occupancy_to_proto(change.previous),
        occupancy=occupancy_to_proto(change.occupancy),
        confidence_permyriad=change.confidence,
        camera_id=change.camera_id,
        captured_at_us=change.captured_at_us,
        layout_version=change.layout_version,
        model=change.model,
    )


def change_from_proto(change: parking_pb2.OccupancyChange) -> OccupancyChange:
    """Return the change of a message."""
    return OccupancyChange(
        lot_id=change.lot_id,
        spot_id=change.spot_id,
        previous=occupancy_from_proto(change.previous),
        occupancy=occupancy_from_proto(change.occupancy),
        confidence=change.confidence_permyriad,
        camera_id=change.camera_id,
        captured_at_us=change.captured_at_us,
        layout_version=change.layout_version,
        model=change.model,
    )
