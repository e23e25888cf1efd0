"""PURE: what gRPC says of an address that nobody answers at, made short for people."""

import re

_UNRESOLVED = re.compile(
    r"^(?:errors resolving|DNS resolution failed)\b.*?([^:\]]*)\]?$", re.DOTALL
)
_UNCONNECTED = re.compile(
    r"^failed to connect to all addresses\b(?:.*remote host: (.*))?", re.DOTALL
)


def why_unreachable(details: str) -> str | None:
    """Return in the system's words why there is no connection; None if gRPC says something else.

    details: of a call that failed.
    """
    if found := _UNRESOLVED.match(details):
        return f"its host is not known: {found[1].strip() or 'no such name'}"
    if found := _UNCONNECTED.match(details):
        return found[1] or "no connection"
    return None
