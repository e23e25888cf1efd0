"""Logging in to a camera over HTTP: Basic (RFC 7617), Digest (RFC 2617; SHA-256 of RFC 7616)."""

import hashlib
import urllib.request
from collections.abc import Callable

_HASHES = {"MD5": "md5", "SHA": "sha1", "SHA-256": "sha256"}


class _Digest(urllib.request.HTTPDigestAuthHandler):
    """As Python's own, which fails on an umlaut in a password and knows no SHA-256."""

    def get_algorithm_impls(
        self, algorithm: str
    ) -> tuple[Callable[[str], str], Callable[[str, str], str]]:
        name = _HASHES.get(algorithm.upper())
        if name is None:
            raise ValueError("unknown algorithm")

        def digest(text: str) -> str:
            return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

        return digest, lambda secret, data: digest(f"{secret}:{data}")


def opener_for(url: str, user: str, password: str) -> urllib.request.OpenerDirector:
    """Return what opens `url` with that login, if `user` is not empty, and without any proxy."""
    # Cameras are on one's own network; a proxy from the environment is not.
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if user:
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, url, user, password)
        handlers.append(_Digest(passwords))
        handlers.append(urllib.request.HTTPBasicAuthHandler(passwords))
    return urllib.request.build_opener(*handlers)
