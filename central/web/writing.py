"""Who may write: those who show the token that the service was started with, and else nobody."""

import hmac
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from central.web.problems import Problem

_bearer = HTTPBearer(
    auto_error=False, description="the first line of the file given as --token", scheme_name="token"
)


def writer(token: str) -> Callable[[HTTPAuthorizationCredentials | None], None]:
    """Return the dependency of routes that write. A bearer token is never sent by a browser on
    its own, so no other site can write in a visitor's name."""

    def check(shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
        if not token:
            raise Problem.of(
                403, "read-only", "this service is read-only: start it with --token FILE to write"
            )
        if shown is None or not hmac.compare_digest(shown.credentials.encode(), token.encode()):
            raise Problem.of(
                401,
                "token-needed",
                "send the header 'Authorization: Bearer TOKEN' with the service's token",
                headers={"WWW-Authenticate": "Bearer"},
            )

    return check
