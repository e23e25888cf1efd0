"""The ledger's values as protos and back: the only place where client and service convert them."""

from central.ledger.wire.appending import (
    append_to_proto,
    batch_to_proto,
    batches_from_proto,
    rejected_from_proto,
    rejected_to_proto,
)
from central.ledger.wire.backups import backup_part_from_proto, backup_part_to_proto
from central.ledger.wire.cluster import members_from_proto, members_to_proto
from central.ledger.wire.columns import batches_from_request, columns_to_proto
from central.ledger.wire.events import event_from_proto, event_to_proto
from central.ledger.wire.history import page_from_proto, page_to_proto, question_from_proto
from central.ledger.wire.layouts import layout_from_proto, layout_to_proto
from central.ledger.wire.nodes import (
    replica_status_from_proto,
    replica_status_to_proto,
    report_from_proto,
    report_to_proto,
    service_status_from_proto,
    service_status_to_proto,
)
from central.ledger.wire.state import state_from_proto, state_to_proto

__all__ = [
    "append_to_proto",
    "backup_part_from_proto",
    "backup_part_to_proto",
    "batch_to_proto",
    "batches_from_proto",
    "batches_from_request",
    "columns_to_proto",
    "event_from_proto",
    "event_to_proto",
    "layout_from_proto",
    "layout_to_proto",
    "members_from_proto",
    "members_to_proto",
    "page_from_proto",
    "page_to_proto",
    "question_from_proto",
    "rejected_from_proto",
    "rejected_to_proto",
    "replica_status_from_proto",
    "replica_status_to_proto",
    "report_from_proto",
    "report_to_proto",
    "service_status_from_proto",
    "service_status_to_proto",
    "state_from_proto",
    "state_to_proto",
]
