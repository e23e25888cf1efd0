"""Key frames only, through PyAV."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from edge.cli import camera
from edge.reader import SourceUnavailable
from edge.source import Source, parse_source
from tests.edge.videos import HEIGHT, WIDTH, number_of, numbered_image

av = pytest.importorskip("av", reason="PyAV is not installed: pip install 'parkledger[av]'")

from edge.key_frames import KeyFrameReader  # noqa: E402


def make_h264(path: Path, *, frames: int, every: int) -> Source:
    """Write a video with a key frame each `every` frames and B-frames in between."""
    with av.open(str(path), "w") as out:
        options = {"x264-params": f"keyint={every}:min-keyint={every}:scenecut=0:bframes=2"}
        stream = out.add_stream("libx264", rate=10, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(numbered_image(number), format="bgr24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return parse_source(str(path))


def test_only_key_frames_come_each_at_once_and_right(tmp_path: Path) -> None:
    reader = KeyFrameReader.open(make_h264(tmp_path / "a.mp4", frames=20, every=5))
    seen = []
    while reader.grab():
        image = reader.retrieve()
        assert image is not None
        assert image.dtype == np.uint8
        seen.append((reader.position_us(), number_of(image)))
    reader.release()
    assert seen == [(0, 0), (500_000, 5), (1_000_000, 10), (1_500_000, 15)]


def test_those_that_are_not_wanted_are_not_decoded(tmp_path: Path) -> None:
    reader = KeyFrameReader.open(make_h264(tmp_path / "a.mp4", frames=20, every=5))
    assert all(reader.grab() for _ in range(3))
    image = reader.retrieve()
    assert image is not None
    assert number_of(image) == 10
    reader.release()


def test_what_is_no_video_is_said_without_its_url(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"nothing")
    with pytest.raises(SourceUnavailable, match=r"a\.mp4 cannot be opened"):
        KeyFrameReader.open(parse_source(str(path)))
    with pytest.raises(SourceUnavailable) as caught:
        KeyFrameReader.open(parse_source("rtsp://u:s3cret@127.0.0.1:9/x"))
    assert str(caught.value) == "rtsp://127.0.0.1:9/… cannot be opened: Connection refused"


def test_key_frames_of_what_has_none_is_a_usage_error() -> None:
    arguments = ["--source", "http://cam/x", "--camera-id", "a", "--processor", "h:1"]
    result = CliRunner().invoke(camera, [*arguments, "--key-frames"])
    assert result.exit_code == 2
    assert "--key-frames is for RTSP and files" in result.output
