from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.source import Source, SourceKind, parse_source, redact
from node.errors import UsageError


@pytest.mark.parametrize("text", ["2", "/dev/video2"])
def test_an_index_or_a_device_is_a_webcam(text: str) -> None:
    assert parse_source(text) == Source(SourceKind.WEBCAM, "2", "webcam 2")


def test_a_path_is_a_file(tmp_path: Path) -> None:
    video = tmp_path / "lot.mp4"
    video.touch()
    source = parse_source(str(video))
    assert (source.kind, source.location, source.live) == (SourceKind.FILE, str(video), False)


def test_an_rtsp_url_keeps_its_password_to_itself() -> None:
    source = parse_source("rtsp://admin:s3cret@cam.example:8554/live?token=s3cret")
    assert source.kind is SourceKind.RTSP
    assert source.live
    assert source.location == "rtsp://admin:s3cret@cam.example:8554/live?token=s3cret"
    assert source.name == "rtsp://cam.example:8554/…"
    assert "s3cret" not in repr(source)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("rtsp://10.0.0.7/h264", "rtsp://10.0.0.7/…"),
        ("rtsp://[fd00::1]:554/h264", "rtsp://[fd00::1]:554/…"),
        ("rtsp://10.0.0.7/user=admin_password=s3cret_channel=1.sdp", "rtsp://10.0.0.7/…"),
        ("rtsp://admin:s3/cret@10.0.0.7/h264", "rtsp://…"),
        ("rtsp://admin:s3?cret@10.0.0.7/h264", "rtsp://…"),
        ("rtsp://admin:s3#cret@10.0.0.7/h264", "rtsp://…"),
        ("rtsp://admin:s3@cret@10.0.0.7/h264", "rtsp://…"),
        ("rtsp://admin:s3cret", "rtsp://…"),
        ("rtsp://[s3cret", "rtsp://…"),
    ],
)
def test_only_scheme_host_and_port_are_shown(url: str, name: str) -> None:
    assert redact(url) == name


@given(st.text(alphabet="Q/?#@:%[]", min_size=1).map(lambda text: f"Q{text}Q"))
def test_no_password_is_ever_shown(password: str) -> None:
    shown = redact(f"rtsp://admin:{password}@host.example/h264")
    assert shown in ("rtsp://…", "rtsp://host.example/…")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "source '': name a file"),
        ("missing.mp4", "source 'missing.mp4': no such file"),
        ("/dev/null", "source '/dev/null' is neither a file nor a folder"),
        ("ftp://u:s3cret@cam/x", "source 'ftp://cam/…': 'ftp' is not supported"),
        ("rtsp://u:p@w@cam/x", "names no host"),
        ("rtsp:///x", "names no host"),
    ],
)
def test_anything_else_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_source(text)
    assert message in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)
