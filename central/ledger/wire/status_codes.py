"""Which gRPC status each error is, in one place, both ways.

INVALID_ARGUMENT     the request can never succeed as it is
ABORTED              someone else applied a layout first
FAILED_PRECONDITION  this replica is not the primary; trailing metadata names who is, if known
RESOURCE_EXHAUSTED   too much is waiting for commitment, members are being changed, or a copy for a
                     backup cannot be made: try later
UNAVAILABLE          the outcome is unknown; send the same request again
DATA_LOSS            this replica's state is not that of the others: ask another one
OUT_OF_RANGE         it is older than the history that is kept
"""

from collections.abc import Mapping
from typing import NoReturn

import grpc

from central.ledger.errors import Diverged, NoCopy, NotPrimary, OutcomeUnknown
from central.ledger.interface import (
    HistoryDropped,
    LedgerError,
    LedgerRefused,
    VersionConflict,
    WatchGap,
)
from central.ledger.wire.channels import Context
from central.raft import ChangeRefused, Overloaded
from node.address import Address
from node.errors import UsageError
from node.unreachable import why_unreachable

PRIMARY_METADATA = "parkledger-primary"


def status_of(error: Exception) -> grpc.StatusCode | None:
    """Return the status of an error that a caller may see; None if it is our own bug."""
    match error:
        case NotPrimary():
            return grpc.StatusCode.FAILED_PRECONDITION
        case Diverged():
            return grpc.StatusCode.DATA_LOSS
        case OutcomeUnknown():
            return grpc.StatusCode.UNAVAILABLE
        case Overloaded() | ChangeRefused() | NoCopy():
            return grpc.StatusCode.RESOURCE_EXHAUSTED
        case VersionConflict():
            return grpc.StatusCode.ABORTED
        case WatchGap() | HistoryDropped():
            return grpc.StatusCode.OUT_OF_RANGE
        case LedgerRefused() | UsageError():
            return grpc.StatusCode.INVALID_ARGUMENT
    return None


async def abort(
    context: Context,
    error: Exception,
    addresses: Mapping[str, Address],
) -> NoReturn:
    """End a call with the error's status; an error that has none is raised again."""
    code = status_of(error)
    if code is None:
        raise error
    metadata: tuple[tuple[str, str], ...] = ()
    if isinstance(error, NotPrimary) and error.primary_id and error.primary_id in addresses:
        metadata = ((PRIMARY_METADATA, str(addresses[error.primary_id])),)
    await context.abort(code, str(error), trailing_metadata=metadata)
    raise AssertionError("abort returned")


def final_error(error: grpc.aio.AioRpcError) -> LedgerError | None:
    """Return what a client tells its caller; None if another replica or another try may do."""
    detail = words_of(error)
    match error.code():
        case grpc.StatusCode.INVALID_ARGUMENT:
            return LedgerRefused(detail)
        case grpc.StatusCode.ABORTED:
            return VersionConflict(detail)
        case grpc.StatusCode.OUT_OF_RANGE:
            return HistoryDropped(detail)
        case grpc.StatusCode.UNIMPLEMENTED:
            return LedgerRefused(
                f"what answers there is no replica, or one too old for this ({detail}): check the "
                "ledger's address, or upgrade it"
            )
    return None


def words_of(error: grpc.aio.AioRpcError) -> str:
    """Return why a call failed, for people."""
    details = error.details() or error.code().name
    return why_unreachable(details) or details


def primary_hint(error: grpc.aio.AioRpcError) -> Address | None:
    """Return the primary's address that a replica named with its refusal, if it did."""
    for key, value in error.trailing_metadata() or ():
        if key == PRIMARY_METADATA:
            return Address.parse(value if isinstance(value, str) else value.decode())
    return None
