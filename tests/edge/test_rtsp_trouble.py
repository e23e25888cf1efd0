"""What is said of an RTSP camera that cannot be opened, by what it answers."""

import socket
import threading

import pytest

from edge.rtsp_trouble import explain_refusal
from edge.source import parse_source


class Answering:
    """A server that answers whatever it is asked with these bytes."""

    def __init__(self, answer: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.asked = b""
        self._thread = threading.Thread(target=self._serve, args=(answer,), daemon=True)
        self._thread.start()

    def _serve(self, answer: bytes) -> None:
        connection, _ = self._listener.accept()
        with connection:
            self.asked = connection.recv(4096)
            connection.sendall(answer)

    def join(self) -> None:
        self._thread.join(60.0)
        self._listener.close()


@pytest.mark.parametrize(
    ("login", "answer", "reason"),
    [
        ("u:s3cret%40@", b"RTSP/1.0 401 Unauthorized\r\n\r\n", ": it refuses this login; check"),
        ("", b"RTSP/1.0 401 Unauthorized\r\n\r\n", ": it asks for a login; write rtsp://USER:"),
        ("u:s3cret%40@", b"RTSP/1.0 404 Not Found\r\n\r\n", ": it has no such stream; check"),
        ("", b"RTSP/1.0 200 OK\r\n\r\n", ""),
        ("", b"HTTP/1.1 400 Bad Request\r\n\r\n", ""),
        ("", b"", ""),
    ],
)
def test_the_answer_says_what_to_mend(login: str, answer: bytes, reason: str) -> None:
    server = Answering(answer)
    source = parse_source(f"rtsp://{login}127.0.0.1:{server.port}/live?key=s3cret")
    said = explain_refusal(source)
    server.join()
    assert said.startswith(f"{source.name} cannot be opened{reason}")
    assert "s3cret" not in said
    assert "u:" not in server.asked.decode(), "the login is not for whoever answers"


def test_what_cannot_be_reached_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    source = parse_source(f"rtsp://u:s3cret@127.0.0.1:{port}/live")
    assert explain_refusal(source) == f"{source.name} cannot be opened: Connection refused"
    source = parse_source("rtsp://u:s3cret@host.invalid/live")
    assert explain_refusal(source).startswith(f"{source.name} cannot be opened: ")
