from pathlib import Path

import cv2
import pytest

from edge.snapshot import take_snapshot
from edge.source import Source, SourceKind
from node.errors import OperationError, UsageError
from tests.edge.fake_reader import FakeOpener, FakeReader
from tests.edge.videos import make_video

WEBCAM = Source(SourceKind.WEBCAM, "0", "webcam 0")


def test_a_file_gives_its_first_frame_and_overwrites(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.avi", frames=3, fps=5)
    picture = tmp_path / "shot.jpg"
    picture.write_bytes(b"old")
    assert take_snapshot(source, picture) == (64, 48)
    image = cv2.imread(str(picture))
    assert image is not None
    assert image.shape == (48, 64, 3)
    assert image.mean() < 3


def test_a_live_source_settles_first(tmp_path: Path) -> None:
    reader = FakeReader(frames=1_000_000)
    take_snapshot(WEBCAM, tmp_path / "shot.jpg", open_reader=FakeOpener([reader]), settle_s=0.01)
    assert reader.grabbed > 1
    assert reader.released


@pytest.mark.parametrize("name", ["shot.png", "shot"])
def test_another_name_than_jpg_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="name it"):
        take_snapshot(WEBCAM, tmp_path / name)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.avi", frames=1, fps=5)
    with pytest.raises(UsageError, match=r"written \(No such file or directory\); check"):
        take_snapshot(source, tmp_path / "no" / "shot.jpg")


def test_a_source_that_is_not_there_or_gives_nothing_is_an_error(tmp_path: Path) -> None:
    picture = tmp_path / "shot.jpg"
    with pytest.raises(OperationError, match="webcam 0 cannot be opened"):
        take_snapshot(WEBCAM, picture, open_reader=FakeOpener([None]))
    with pytest.raises(OperationError, match="gave no picture"):
        take_snapshot(WEBCAM, picture, open_reader=FakeOpener([FakeReader(frames=0)]))
