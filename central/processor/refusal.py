"""Why a stream is refused or ended: a gRPC status and one line for the person at the camera."""

import grpc

from node.errors import OperationError


class Refused(OperationError):
    """The stream ends with that status. The proto says which statuses a camera must expect."""

    def __init__(self, status: grpc.StatusCode, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def invalid(detail: str) -> Refused:
    """The camera breaks the protocol: trying again as it is will not help."""
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, detail)


def unknown_camera(camera_id: str) -> Refused:
    """No applied layout names the camera."""
    return Refused(
        grpc.StatusCode.NOT_FOUND,
        f"camera '{camera_id}' is in no applied layout; name it in one and commit that with "
        "'parkledger apply FILE'",
    )


def streams_elsewhere(camera_id: str, *, boot_id: str) -> Refused:
    """Another process streams as this camera."""
    return Refused(
        grpc.StatusCode.ALREADY_EXISTS,
        f"camera '{camera_id}' streams from another process (boot {boot_id}): stop that one, or "
        "give this one a camera id of its own",
    )


def too_many(detail: str) -> Refused:
    """A limit of this processor is reached."""
    return Refused(grpc.StatusCode.RESOURCE_EXHAUSTED, detail)


def unavailable(detail: str) -> Refused:
    """Not now: another processor, or this one later, may take the stream."""
    return Refused(grpc.StatusCode.UNAVAILABLE, detail)
