"""A network camera that sends JPEGs over HTTP; the test says which, how fast, and to whom."""

import base64
import contextlib
import hashlib
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import quote

BOUNDARY = "camera"
_NONCE = "dcd98b7102dd2f0e8b11d0f600bfb0c0"
_PAIR = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


class Answer:
    """An Authorization header that answers the challenge (RFC 7616, 3.4.1, qop=auth)."""

    def __init__(self, said: str, algorithm: str) -> None:
        self._is_digest = said.startswith("Digest ")
        self._given = {key: quoted or bare for key, quoted, bare in _PAIR.findall(said)}
        self._hash = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5

    def fits(self, *, user: str, password: str, path: str) -> bool:
        given = self._given
        secret = self._of(f"{user}:camera:{password}")
        middle = ":".join(given.get(key, "") for key in ("nonce", "nc", "cnonce", "qop"))
        wanted = self._of(f"{secret}:{middle}:{self._of(f'GET:{path}')}")
        return (
            self._is_digest
            and (given.get("username"), given.get("nonce")) == (user, _NONCE)
            and given.get("response") == wanted
        )

    def _of(self, text: str) -> str:
        return self._hash(text.encode(), usedforsecurity=False).hexdigest()


class HttpCamera:
    """Sends what `picture` returns, with `stamp` in X-Timestamp where it returns one.

    Change the attributes while it runs. Each viewer has a thread of its own.
    """

    def __init__(
        self,
        picture: Callable[[], bytes],
        *,
        fps: float = 20.0,
        user: str = "",
        password: str = "",
        digest: str = "",
        content_type: str = f"multipart/x-mixed-replace; boundary={BOUNDARY}",
    ) -> None:
        self.picture = picture
        self.stamp: Callable[[], float | None] = lambda: None
        self.period_s = 1 / fps
        self.stalled = threading.Event()  # set: connections stay, nothing is sent
        self.viewers = 0
        self._stop = threading.Event()
        self._hung_up = threading.Event()
        """user, password: asked for by Basic, or by Digest with that algorithm only."""
        basic = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        camera = self

        def may_see(viewer: BaseHTTPRequestHandler) -> bool:
            said = viewer.headers.get("Authorization", "")
            if digest:
                answer = Answer(said, digest)
                return answer.fits(user=user, password=password, path=viewer.path)
            return not user or said == basic

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if not may_see(self):
                    self.send_response(401)
                    asked = (
                        f'Digest realm="camera", nonce="{_NONCE}", qop="auth", algorithm={digest}'
                    )
                    self.send_header(
                        "WWW-Authenticate", asked if digest else 'Basic realm="camera"'
                    )
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("Content-Type", content_type)
                self.end_headers()
                with contextlib.suppress(OSError):  # the viewer went away
                    camera._play(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Nothing on standard error."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        credentials = f"{quote(user)}:{quote(password, safe='')}@" if user else ""
        key = quote(password or "none", safe="")
        self.url = f"http://{credentials}127.0.0.1:{self.port}/video?key={key}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.hang_up()
        self._server.shutdown()
        self._server.server_close()

    def hang_up(self) -> None:
        """End all viewers' streams."""
        self._hung_up.set()
        self._hung_up = threading.Event()

    def _play(self, viewer: BaseHTTPRequestHandler) -> None:
        self.viewers += 1
        hung_up = self._hung_up
        due = time.monotonic()
        while not self._stop.is_set() and not hung_up.is_set():
            if not self.stalled.is_set():
                viewer.wfile.write(self._part())
            due = max(due + self.period_s, time.monotonic())
            hung_up.wait(due - time.monotonic())

    def _part(self) -> bytes:
        picture, stamp = self.picture(), self.stamp()
        head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n"
        if stamp is not None:
            head += f"X-Timestamp: {stamp:.6f}\r\n"
        return head.encode() + b"\r\n" + picture + b"\r\n"
