"""gRPC's words as grpcio 1.62 to 1.80 say them, and what is left of them."""

import pytest

from node.unreachable import why_unreachable

REFUSED = (
    "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:7001: "
    "Failed to connect to remote host: Connection refused"
)
UNKNOWN = (
    "errors resolving mast.example:7100: [field:hostname lookup error:address lookup failed for "
    "mast.example:7100: Domain name not found]"
)
UNKNOWN_OF_OLD = (
    "DNS resolution failed for mast.example:7100: C-ares status is not ARES_SUCCESS qtype=A "
    "name=mast.example is_balancer=0: Domain name not found"
)


@pytest.mark.parametrize(
    ("details", "words"),
    [
        (REFUSED, "Connection refused"),
        ("failed to connect to all addresses", "no connection"),
        (UNKNOWN, "its host is not known: Domain name not found"),
        (UNKNOWN_OF_OLD, "its host is not known: Domain name not found"),
        ("errors resolving", "its host is not known: no such name"),
        ("no primary is known", None),
        ("", None),
    ],
)
def test_only_the_systems_words_are_left(details: str, words: str | None) -> None:
    assert why_unreachable(details) == words
