"""JPEGs over HTTP, from a real server."""

import logging
import socket

import pytest

from edge.jpeg_stream import JpegStreamReader
from edge.reader import SourceUnavailable
from edge.source import SourceKind, parse_source
from tests.edge.http_camera import HttpCamera
from tests.edge.pictures import jpeg
from tests.edge.videos import number_of, numbered_image

SEVEN = jpeg(numbered_image(7))


def test_pictures_come_one_by_one_and_only_those_asked_for_are_decoded() -> None:
    with HttpCamera(lambda: SEVEN) as camera:
        source = parse_source(camera.url)
        assert source.kind is SourceKind.MJPEG
        reader = JpegStreamReader.open(source)
        for _ in range(3):
            assert reader.grab()
        image = reader.retrieve()
        assert image is not None
        assert number_of(image) == 7
        assert (reader.position_us(), reader.captured_at_us()) == (0, None)
        camera.hang_up()
        while reader.grab():
            pass  # what was under way
        reader.release()


def test_the_cameras_own_clock_is_read() -> None:
    with HttpCamera(lambda: SEVEN) as camera:
        camera.stamp = lambda: 12.25
        reader = JpegStreamReader.open(parse_source(camera.url))
        assert reader.grab()
        assert reader.position_us() == 12_250_000
        reader.release()


def test_a_cut_picture_is_none() -> None:
    with HttpCamera(lambda: SEVEN[:-10]) as camera:
        reader = JpegStreamReader.open(parse_source(camera.url))
        assert reader.grab()
        assert reader.retrieve() is None
        reader.release()


@pytest.mark.parametrize("digest", ["", "MD5", "SHA-256"])
@pytest.mark.parametrize("password", ["s3cret", "s3cret@/:?#%&+ü "])
def test_a_password_is_sent_and_never_said(
    digest: str, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with HttpCamera(lambda: SEVEN, user="admin", password=password, digest=digest) as camera:
        source = parse_source(camera.url)
        reader = JpegStreamReader.open(source)
        assert reader.grab()
        reader.release()
        wrong = parse_source(camera.url.replace("admin:s3cret", "admin:s3kret"))
        with pytest.raises(SourceUnavailable) as caught:
            JpegStreamReader.open(wrong)
    assert (
        str(caught.value)
        == f"http://127.0.0.1:{camera.port}/… answers 401: check user and password"
    )
    assert "s3" not in caplog.text + source.name + repr(source)


def test_what_is_no_stream_is_said_in_a_line() -> None:
    with (
        HttpCamera(lambda: SEVEN, content_type="text/html") as camera,
        pytest.raises(SourceUnavailable, match="is no camera's stream: it sends 'text/html'"),
    ):
        JpegStreamReader.open(parse_source(camera.url))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SourceUnavailable, match=r"cannot be opened \(Connection refused\)"):
        JpegStreamReader.open(parse_source(f"http://127.0.0.1:{port}/x"))
