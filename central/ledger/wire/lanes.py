"""Lanes: plain TCP connections beside append streams, for their requests and acks.

A message through gRPC's asyncio streams costs each end some 100 us, one in a frame 20. So a ledger
offers a lane in the initial metadata of an append stream: a port of its host, and a token. Who
connects there and sends the token in a frame is answered with an empty AppendResponse, and may then
go on with the stream's requests, each in a frame, as soon as it has no unacked one on the stream
itself. The stream stays: it says who is primary, what is refused and why, and ends with its lane.
"""

from collections.abc import Iterable

from node.values import frozen

LANE_METADATA = "parkledger-lane"


@frozen
class Offer:
    """port: of the host that the stream is with. token: for one connection, made for the stream."""

    port: int
    token: str

    @property
    def metadata(self) -> tuple[str, str]:
        """What says so in the initial metadata."""
        return (LANE_METADATA, f"{self.port} {self.token}")


def offer_of(metadata: Iterable[tuple[str, str | bytes]] | None) -> Offer | None:
    """Return the lane that is offered by a stream's initial metadata; None without a sound one."""
    for key, value in metadata or ():
        if key == LANE_METADATA and isinstance(value, str):
            port, _, token = value.partition(" ")
            if token and port.isdecimal() and 0 < int(port) < 1 << 16:
                return Offer(int(port), token)
    return None
