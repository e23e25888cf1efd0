"""What an applied index changed, as protos and back."""

from central.ledger.records import (
    CountChange,
    LayoutChange,
    LedgerEvent,
)
from central.ledger.wire import conditions
from central.ledger.wire.history import change_from_proto, change_to_proto
from central.ledger.wire.state import count_from_proto, count_to_proto
from protos import parking_pb2


def event_to_proto(event: LedgerEvent) -> parking_pb2.WatchEvent:
    """Return an event's message."""
    return parking_pb2.WatchEvent(
        index=event.index,
        committed_at_us=event.committed_at_us,
        changes=[change_to_proto(change) for change in event.changes],
        layouts=[
            parking_pb2.LayoutChange(lot_id=change.lot_id, version=change.version)
            for change in event.layouts
        ],
        counts=[
            parking_pb2.CountChange(lot_id=change.lot_id, count=count_to_proto(change.count))
            for change in event.counts
        ],
        cameras=[conditions.change_to_proto(change) for change in event.cameras],
    )


def event_from_proto(event: parking_pb2.WatchEvent) -> LedgerEvent:
    """Return the event of a message."""
    return LedgerEvent(
        index=event.index,
        committed_at_us=event.committed_at_us,
        changes=tuple(change_from_proto(change) for change in event.changes),
        layouts=tuple(LayoutChange(change.lot_id, change.version) for change in event.layouts),
        counts=tuple(
            CountChange(change.lot_id, count_from_proto(change.count)) for change in event.counts
        ),
        cameras=tuple(conditions.change_from_proto(change) for change in event.cameras),
    )
