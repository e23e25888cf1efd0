"""Lanes: plain TCP connections beside gRPC streams, for what is sent on them again and again.

A message through gRPC's asyncio streams costs each end some 100 us, one on a connection of our own
20. So a server offers a lane in the initial metadata of a stream: a port of its host, and a token.
Who connects there says the token first, and may then go on there. The stream stays: it says what is
refused and why, and it ends with its lane.
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
