"""What does not fit together is said before anything is started."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from central.demo.settings import CameraSource, DemoSettings, own_settings, sample_settings
from central.layout.toml_writer import format_layout
from node.errors import UsageError
from tests.central.demo.boards import layout


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "lot.toml").write_text(format_layout(layout()), encoding="utf-8")
    (tmp_path / "a.mp4").write_bytes(b"a")
    (tmp_path / "b.mp4").write_bytes(b"b")
    return tmp_path


def own(
    files: Path, sources: Sequence[str], *, truth: dict[str, object] | None = None
) -> DemoSettings:
    truth_file = None
    if truth is not None:
        truth_file = files / "truth.json"
        document = {"lot": "north", "duration_s": 9, "spots": {"A01": [[0, "vacant"]]}} | truth
        truth_file.write_text(json.dumps(document), encoding="utf-8")
    return own_settings(
        [str(files / source) if source.endswith("mp4") else source for source in sources],
        files / "lot.toml",
        truth_file,
        seconds=10,
        fps=1,
        fail_over=True,
    )


def test_sources_go_to_the_cameras_in_order(files: Path) -> None:
    settings = own(files, ["a.mp4", "rtsp://host/b"], truth=None)
    assert settings.cameras == (
        CameraSource("north-east", str(files / "a.mp4")),
        CameraSource("north-west", "rtsp://host/b"),
    )
    assert [camera.live for camera in settings.cameras] == [False, True]
    assert CameraSource("c", "0").live


@pytest.mark.parametrize(
    ("sources", "truth", "message"),
    [
        (["a.mp4"], None, "--source: 1 given, but .* has 2 cameras \\(north-east, north-west\\)"),
        (["a.mp4", "none.mp4"], None, "none.mp4: cannot be read .*give a video file"),
        (["a.mp4", "/"], None, "--source /: is a directory"),
        (["a.mp4", "0"], {}, "camera north-west is live"),
        (["a.mp4", "b.mp4"], {"lot": "south"}, "is of lot 'south', the layout of 'north'"),
        (["a.mp4", "b.mp4"], {"spots": {"Z9": [[0, "vacant"]]}}, "spots.Z9: is no spot"),
    ],
)
def test_what_does_not_fit(
    files: Path, sources: list[str], truth: dict[str, object] | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        own(files, sources, truth=truth)


def test_the_shipped_lot_is_complete() -> None:
    settings = sample_settings(seconds=45, fps=2, fail_over=True)
    assert len(settings.cameras) == 2
    assert all(Path(camera.source).is_file() for camera in settings.cameras)
    assert settings.truth is not None
    assert set(settings.truth.spots) == {spot.spot_id for spot in settings.layout.spots}
