"""PURE: gRPC status of a stream that failed -> what an operator is told, and whether to go on."""

from dataclasses import dataclass

from grpc import StatusCode

from node.unreachable import why_unreachable

_MAX_DETAILS = 300
_FORGOTTEN = "Internal error from Core"


@dataclass(frozen=True)
class Refusal:
    """Why a processor is not taking frames. fatal: trying again cannot help."""

    text: str
    fatal: bool = False


def explain(code: StatusCode, details: str | None, *, processor: str, camera_id: str) -> Refusal:
    """Return one line that names the processor, the trouble and what to do about it."""
    reason = _one_line(details)
    match code:
        case StatusCode.INVALID_ARGUMENT:
            return Refusal(f"processor {processor} refuses camera '{camera_id}': {reason}", True)
        # No layout has the camera, or another process streams as it: a processor says what to do.
        case StatusCode.NOT_FOUND | StatusCode.ALREADY_EXISTS:
            advice = f"does not take camera '{camera_id}': {reason}"
        # A processor that has no ledger yet uses other words.
        case StatusCode.UNAVAILABLE if why := why_unreachable(reason):
            advice = f"cannot be reached ({why}); check that it runs and that --processor names it"
        case StatusCode.UNAVAILABLE:
            advice = f"is not available ({reason})"
        case StatusCode.UNIMPLEMENTED:
            advice = "is not a Parkledger processor; check --processor"
        # The hello was still being written when the stream ended: gRPC then forgets how.
        case StatusCode.INTERNAL if reason == _FORGOTTEN:
            advice = "ended the stream at once; check that --processor names a processor"
        case StatusCode.RESOURCE_EXHAUSTED:
            advice = f"has no room ({reason}); lower --quality or --max-width, or add a processor"
        case _:
            advice = f"ended the stream with {code.name} ({reason})"
    return Refusal(
        f"processor {processor} {advice}; trying on, dropping frames until one takes them"
    )


def _one_line(details: str | None) -> str:
    return " ".join((details or "no details").split())[:_MAX_DETAILS]
