"""A network camera: RTSP (RFC 2326) with JPEG over RTP (RFC 2435), interleaved in TCP only.

It refuses to send over UDP, plays the numbered pictures of `videos` round and round, and can
hang up on whoever watches.
"""

import contextlib
import io
import itertools
import socket
import struct
import threading
from typing import Self

from edge.encode import encode_jpeg
from tests.edge.videos import HEIGHT, WIDTH, numbered_image

_PICTURES = 25
_CLOCK_HZ = 90_000
_QUANTISATION, _SCAN = b"\xff\xdb", b"\xff\xda"


class FakeRtspCamera:
    """Listens from construction on; each viewer has a thread of its own."""

    def __init__(self, *, fps: float = 25.0) -> None:
        self._period_s = 1 / fps
        self._stop = threading.Event()
        self._viewers: list[socket.socket] = []
        self.transports: list[str] = []
        self.plays = 0
        self.sent = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/live"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Break all connections."""
        for viewer in self._viewers:
            with contextlib.suppress(OSError):  # it may have gone by itself
                viewer.shutdown(socket.SHUT_RDWR)
        self._viewers.clear()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                viewer, _ = self._listener.accept()
            except OSError:
                return
            self._viewers.append(viewer)
            threading.Thread(target=self._serve, args=(viewer,), daemon=True).start()

    def _serve(self, viewer: socket.socket) -> None:
        try:
            with viewer, viewer.makefile("rb") as requests:
                while self._answer(viewer, requests.readline().decode().split(), requests):
                    pass
                self._play(viewer)
        except OSError:
            return  # hung up

    def _answer(self, viewer: socket.socket, request: list[str], lines: io.BufferedReader) -> bool:
        """Answer one request; False once the viewer may watch."""
        if not request:
            raise ConnectionResetError
        headers: dict[str, str] = {}
        while line := lines.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        status, extra, body = "200 OK", "", ""
        match request[0]:
            case "OPTIONS":
                extra = "Public: OPTIONS, DESCRIBE, SETUP, PLAY\r\n"
            case "DESCRIBE":
                extra = "Content-Type: application/sdp\r\n"
                body = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\n"
            case "SETUP":
                self.transports.append(headers["transport"])
                if headers["transport"].startswith("RTP/AVP/TCP"):
                    extra = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
                else:
                    status = "461 Unsupported Transport"
        head = f"RTSP/1.0 {status}\r\nCSeq: {headers['cseq']}\r\n{extra}"
        viewer.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return request[0] != "PLAY"

    def _play(self, viewer: socket.socket) -> None:
        self.plays += 1
        for number in itertools.count():
            packet = _rtp_packet(number, self._period_s)
            viewer.sendall(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
            self.sent = number
            if self._stop.wait(self._period_s):
                return


def _rtp_packet(number: int, period_s: float) -> bytes:
    """Return one picture as one RTP packet: these are small enough."""
    jpeg = encode_jpeg(numbered_image(number % _PICTURES), quality=80)
    tables, at = b"", jpeg.find(_QUANTISATION)
    while at >= 0:
        tables += jpeg[at + 5 : at + 5 + 64]
        at = jpeg.find(_QUANTISATION, at + 69)
    scan = jpeg.index(_SCAN)
    scan += 2 + int.from_bytes(jpeg[scan + 2 : scan + 4])
    timestamp = round(number * period_s * _CLOCK_HZ) & 0xFFFFFFFF
    rtp = struct.pack(">BBHII", 0x80, 0x80 | 26, number & 0xFFFF, timestamp, 1)
    picture = struct.pack(">IBBBB", 0, 1, 255, WIDTH // 8, HEIGHT // 8)
    quantisation = struct.pack(">BBH", 0, 0, len(tables))
    return rtp + picture + quantisation + tables + jpeg[scan:-2]
