from pathlib import Path

import cv2
import pytest

from edge.reference import read_reference
from sample_videos import CLIPS
from tests.command_line import Runner
from tests.edge.views import nudged, picture

CLIP = str(CLIPS / "north_east.mp4")


def jpeg(path: Path, **how: float) -> str:
    image, _ = nudged(picture(), **how)
    assert cv2.imwrite(str(path), image)
    return str(path)


def test_a_reference_is_written_and_grows(run: Runner, tmp_path: Path) -> None:
    out = tmp_path / "mast.ref"
    first = run("camera", "--source", CLIP, "--reference", str(out))
    assert first.code == 0
    assert 'put reference = "mast.ref" into' in first.out[0]
    assert len(read_reference(out.read_bytes()).looks) == 1
    second = run("camera", "--source", jpeg(tmp_path / "b.jpg"), "--reference", str(out))
    assert second.code == 0
    assert "2 of at most 4 looks" in second.out[0]
    assert len(read_reference(out.read_bytes()).looks) == 2


def test_a_camera_that_was_moved_since_is_told(run: Runner, tmp_path: Path) -> None:
    out = tmp_path / "mast.ref"
    assert run("camera", "--source", CLIP, "--reference", str(out)).code == 0
    moved = jpeg(tmp_path / "b.jpg", right=20.0)
    ended = run("camera", "--source", moved, "--reference", str(out))
    assert ended.code == 2
    assert "the camera was moved by 20 px since; remove the file" in ended.err
    assert len(read_reference(out.read_bytes()).looks) == 1


def test_what_a_layout_masks_is_black(run: Runner, tmp_path: Path) -> None:
    layout, out = tmp_path / "lot.toml", tmp_path / "mast.ref"
    layout.write_text(
        '[[cameras]]\nid = "mast"\n[[cameras.masks]]\n'
        "polygon = [[0, 0], [1, 0], [1, 0.5], [0, 0.5]]\n"
    )
    command = ["camera", "--source", CLIP, "--reference", str(out), "--masks-of", str(layout)]
    assert "--camera-id" in run(*command).err
    assert run(*command, "--camera-id", "mast").code == 0
    look = read_reference(out.read_bytes()).looks[0]
    assert look[:170].max() < 8
    assert look[200:].max() > 60


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[cameras]]\nid = 'other'", "has no camera 'mast'"),
        ("cameras = 3", "is no layout"),
        ("[[", "is no layout"),
    ],
)
def test_a_layout_that_does_not_say(run: Runner, tmp_path: Path, text: str, said: str) -> None:
    layout = tmp_path / "lot.toml"
    layout.write_text(text)
    ended = run(
        *("camera", "--source", CLIP, "--reference", str(tmp_path / "a.ref")),
        *("--masks-of", str(layout), "--camera-id", "mast"),
    )
    assert ended.code == 2
    assert said in ended.err


def test_some_other_file_is_not_overwritten(run: Runner, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear all,")
    ended = run("camera", "--source", CLIP, "--reference", str(letter))
    assert ended.code == 2
    assert "is some other file" in ended.err
    assert letter.read_text() == "Dear all,"
