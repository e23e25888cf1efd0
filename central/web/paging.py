"""PURE: page tokens. To a client they are opaque; here they say after what to go on."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from central.web.problems import Problem

Item = TypeVar("Item")


def token_of(*place: str | int) -> str:
    """Return the token of a place."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place_of(token: str, *kinds: type) -> tuple[str | int, ...]:
    """Return the place that a token names, of values of these types; raises Problem (422)."""
    try:
        raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        place = json.loads(raw)
        fits = (
            isinstance(place, list)
            and [type(part) for part in place] == list(kinds)
            and all(0 <= part < 2**63 for part in place if isinstance(part, int))
        )
    except (ValueError, binascii.Error, UnicodeEncodeError, RecursionError):
        fits = False
    if not fits:
        raise Problem.of(
            422,
            "bad-page",
            f"page '{token[:40]}': give next_page of the answer before, as it is",
        )
    return tuple(place)


def page_of(
    items: Sequence[Item], *, key: Callable[[Item], str], token: str | None, limit: int
) -> tuple[list[Item], str | None]:
    """Return a page of items that are ordered by `key`, and the token of the next one.

    A page begins after the last item of the one before, whether that still exists or not.
    """
    if token is not None:
        (after,) = place_of(token, str)
        items = [item for item in items if key(item) > str(after)]
    shown = list(items[:limit])
    return shown, token_of(key(shown[-1])) if len(items) > limit else None
