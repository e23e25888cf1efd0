from pathlib import Path

import pytest

from edge.capture import VideoReader, check_file
from edge.reader import SourceUnavailable
from edge.source import Source, SourceKind, parse_source
from node.errors import UsageError
from tests.edge.videos import make_video, number_of


@pytest.mark.parametrize(
    ("name", "codec", "fps"),
    [
        ("a.avi", "MJPG", 10.0),
        ("b.mp4", "mp4v", 25.0),
        ("c.mp4", "mp4v", 1.0),
        ("d.mp4", "mp4v", 0.2),
    ],
)
def test_every_frame_comes_with_its_time(tmp_path: Path, name: str, codec: str, fps: float) -> None:
    reader = VideoReader.open(make_video(tmp_path / name, frames=5, fps=fps, codec=codec))
    seen = []
    while reader.grab():
        image = reader.retrieve()
        assert image is not None
        seen.append((reader.position_us(), number_of(image)))
    reader.release()
    assert seen == [(round(n * 1e6 / fps), n) for n in range(5)]
    assert reader.interval_s == pytest.approx(1 / fps) or reader.interval_s == 1 / 25


def test_frames_may_be_grabbed_without_being_retrieved(tmp_path: Path) -> None:
    reader = VideoReader.open(make_video(tmp_path / "a.mp4", frames=6, fps=5, codec="mp4v"))
    for _ in range(4):
        assert reader.grab()
    image = reader.retrieve()
    reader.release()
    assert image is not None
    assert number_of(image) == 3


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", b"A text is a video to FFmpeg: ANSI art.\n" * 50),
        ("empty.mp4", b""),
        ("noise.mp4", bytes(range(256)) * 100),
    ],
)
def test_a_file_that_is_no_video_is_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        check_file(parse_source(str(path)))
    message = str(caught.value)
    assert message.startswith(f"source '{path}' is not a video that OpenCV can read: ")
    assert "\n" not in message


def test_a_cut_off_video_plays_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    source = make_video(path, frames=10, fps=5)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    check_file(source)
    reader = VideoReader.open(source)
    frames = 0
    while reader.grab():
        frames += 1
    reader.release()
    assert 0 < frames < 10


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (Source(SourceKind.WEBCAM, "987", "webcam 987"), ""),
        (parse_source("rtsp://admin:s3cret@127.0.0.1:9/x"), ": Connection refused"),
    ],
)
def test_a_live_source_that_is_not_there_is_unavailable(source: Source, reason: str) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        VideoReader.open(source)
    assert str(caught.value) == f"{source.name} cannot be opened{reason}"
