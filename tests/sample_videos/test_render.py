import json
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner

from sample_videos.render import main
from sample_videos.video import ClipError, clip_writer


def test_the_command_writes_a_clip_with_layout_and_truth(tmp_path: Path) -> None:
    arguments = ["--out", str(tmp_path), "--seconds", "0.5", "--width", "128", "--height", "72"]
    result = CliRunner().invoke(main, [*arguments, "--camera", "north-west"])
    assert result.exit_code == 0, result.output
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["north.toml", "north.truth.json", "north_west.mp4"]
    assert json.loads((tmp_path / "north.truth.json").read_text())["duration_s"] == 0.5
    video = cv2.VideoCapture(str(tmp_path / "north_west.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 5
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(10)
    there, frame = video.read()
    video.release()
    assert there
    assert frame.shape == (72, 128, 3)


def test_a_folder_that_cannot_be_made_is_one_line_and_exit_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(
        main, ["--out", str(tmp_path / "file" / "deeper"), "--seconds", "1"]
    )
    assert result.exit_code == 2
    assert "--out" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("option", [["--seconds", "0"], ["--fps", "-1"], ["--camera", "south"]])
def test_a_wrong_value_is_refused(option: list[str]) -> None:
    result = CliRunner().invoke(main, option)
    assert result.exit_code == 2
    assert option[0] in result.output


def test_every_option_has_help() -> None:
    for parameter in main.params:
        assert getattr(parameter, "help", None), parameter.name


def test_a_writer_without_a_folder_says_which_file(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "clip.mp4"
    with pytest.raises(ClipError, match=r"clip\.mp4"), clip_writer(path, 10, (64, 64), 100):
        pass
