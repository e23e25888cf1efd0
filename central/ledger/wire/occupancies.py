"""States of spots, as protos and back."""

from central.ledger.records import (
    Occupancy,
)
from node.errors import UsageError
from protos import parking_pb2


def occupancy_to_proto(occupancy: Occupancy) -> parking_pb2.Occupancy.ValueType:
    """Return the wire's number of a state: the same, by design."""
    return parking_pb2.Occupancy.ValueType(occupancy)


def occupancy_from_proto(value: int) -> Occupancy:
    """Return the state of a wire's number; UsageError if there is none."""
    try:
        return Occupancy(value)
    except ValueError as error:
        raise UsageError(
            f"occupancy {value} is none: 1 is occupied, 2 vacant, 3 unknown"
        ) from error
