"""The commands as a person runs them: what is printed, written and returned."""

import json
from pathlib import Path

import click
import cv2
import pytest

from central.layout import cli
from central.layout.toml import read_layout
from tests.central.layout.layouts import NORTH
from tests.central.layout.pictures import a_day, spot, write_shade
from tests.command_line import Outcome, Runner

DATA = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"


@pytest.fixture
def north_file(tmp_path: Path) -> Path:
    """A valid layout file."""
    path = tmp_path / "north.toml"
    path.write_text(NORTH)
    return path


@pytest.mark.parametrize("command", [cli.convert, cli.preview])
def test_every_option_has_help_and_a_variable(command: click.Command) -> None:
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name
            assert option.show_envvar, option.name


def test_convert_writes_layout_video_and_truth(run: Runner, tmp_path: Path) -> None:
    layout, video, truth = (tmp_path / name for name in ("o.toml", "o.mp4", "o.truth.json"))
    outcome = run(
        *("convert", a_day(tmp_path), "--lot", "cnr", "--camera-id", "cam3", "--camera", 3),
        *("--name", "CNR", "--fps", 2, "--seconds-per-frame", 1.5),
        *("--out-layout", layout, "--out-video", video, "--out-truth", truth),
    )
    assert outcome == Outcome(
        0,
        [
            f"{layout}: 3 spots",
            f"{truth}: 2 spots, 3 changes in 6 s; 1 spots left out, 2 missing labels held",
            f"{video}: 4 pictures, 6 s",
        ],
        "",
    )
    assert read_layout(layout).name == "CNR"
    assert json.loads(truth.read_text())["spots"]["s1"] == [
        [0.0, "vacant"],
        [1.5, "occupied"],
        [4.5, "vacant"],
    ]
    capture = cv2.VideoCapture(str(video))
    assert (capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)) == (12, 2)
    capture.release()


def test_convert_turns_a_list_of_polygons_into_a_layout(run: Runner, tmp_path: Path) -> None:
    rois = tmp_path / "rois.json"
    five = [[60, 10], [80, 5], [100, 10], [100, 50], [60, 50]]
    rois.write_text(
        json.dumps({"width": 160, "height": 120, "spots": [spot(0), spot(1, polygon=five)]})
    )
    layout = tmp_path / "drone.toml"
    options: tuple[object, ...] = ("convert", rois, "--lot", "drone", "--camera-id", "d")
    options += ("--out-layout", layout)
    assert run(*options) == Outcome(0, [f"{layout}: 2 spots, 1 of them boxed"], "")
    assert [one.spot_id for one in read_layout(layout).spots] == ["s0", "s1"]

    layout.write_text("drawn by hand")
    outcome = run(*options)
    assert outcome.code == 2
    refused = f"--out-layout {layout}: is there already; give another name, or --replace"
    assert outcome.err == f"parkledger: {refused}\n"
    assert layout.read_text() == "drawn by hand"
    options += ("--replace",)
    assert run(*options).code == 0
    assert len(read_layout(layout).spots) == 2

    outcome = run(*options, "--out-truth", tmp_path / "t.json")
    assert outcome.code == 2
    assert "first picture has no labels; leave out --out-truth" in outcome.err
    outcome = run(*options, "--out-video", tmp_path / "v.mp4")
    assert outcome.code == 2
    assert "cannot become a video" in outcome.err


def test_convert_names_a_place_it_cannot_write(run: Runner, tmp_path: Path) -> None:
    outcome = run(
        *("convert", a_day(tmp_path), "--lot", "cnr", "--camera-id", "cam3", "--camera", 3),
        *("--out-layout", tmp_path / "absent" / "o.toml"),
    )
    assert outcome.code == 1
    assert "o.toml: cannot be written (No such file or directory)" in outcome.err


def test_what_is_read_is_not_written_over(run: Runner, tmp_path: Path) -> None:
    frames = a_day(tmp_path)
    before = frames.read_bytes()
    named = ("--lot", "cnr", "--camera-id", "cam3", "--camera", 3)
    outcome = run("convert", frames, *named, "--out-layout", frames)
    assert (outcome.code, frames.read_bytes()) == (2, before)
    assert outcome.err.endswith(": is what is read; name another file\n")
    picture = write_shade(tmp_path / "p.png", 120, width=640, height=480)
    before = picture.read_bytes()
    outcome = run("preview", picture, "-o", tmp_path / "." / "p.png")
    assert (outcome.code, picture.read_bytes()) == (2, before)
    assert "p.png: is what is read; name another file" in outcome.err


def test_convert_writes_nothing_if_a_name_is_wrong(run: Runner, tmp_path: Path) -> None:
    layout = tmp_path / "o.toml"
    named = ("--lot", "cnr", "--camera-id", "cam3", "--camera", 3, "--out-layout", layout)
    outcome = run("convert", a_day(tmp_path), *named, "--out-video", tmp_path / "o.txt")
    assert (outcome.code, layout.exists()) == (2, False)
    assert "o.txt: name a file that ends in .mp4 or .avi" in outcome.err


def test_preview_of_a_folder_says_so(run: Runner, tmp_path: Path) -> None:
    outcome = run("preview", tmp_path, "-o", tmp_path / "o.jpg")
    assert (outcome.code, "is a folder; name a picture or a video" in outcome.err) == (2, True)


def test_convert_refuses_an_id_that_cannot_name_a_lot(run: Runner, tmp_path: Path) -> None:
    outcome = run("convert", "x.json", "--lot", "a b", "--camera-id", "c", "--out-layout", "x")
    assert outcome.code == 2
    assert "lot id 'a b': use 1 to 64" in outcome.err


def test_preview_draws_regions_or_a_grid(run: Runner, north_file: Path, tmp_path: Path) -> None:
    picture = write_shade(tmp_path / "p.png", 120, width=640, height=480)
    for name, options in (("r.jpg", ("--layout", north_file)), ("g.jpg", ())):
        assert run("preview", picture, *options, "-o", tmp_path / name) == Outcome(
            0, [f"wrote {tmp_path / name}"], ""
        )
        assert cv2.imread(str(tmp_path / name)) is not None


def test_preview_classifies_only_regions(run: Runner, tmp_path: Path) -> None:
    outcome = run("preview", tmp_path / "p.png", "--classify", "-o", tmp_path / "o.jpg")
    assert outcome.code == 2
    assert "--classify: needs the regions of a --layout" in outcome.err


def test_preview_asks_the_shipped_model(run: Runner, north_file: Path, tmp_path: Path) -> None:
    picture = write_shade(tmp_path / "p.png", 120, width=640, height=480)
    out = tmp_path / "o.png"
    outcome = run("preview", picture, "--layout", north_file, "--classify", "-o", out)
    assert outcome == Outcome(0, [f"wrote {out}"], "")
    drawn = cv2.imread(str(out))
    assert drawn is not None
    assert (drawn != 120).any()


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")
def test_convert_reads_the_shared_data(run: Runner, tmp_path: Path) -> None:
    layout, truth = tmp_path / "o.toml", tmp_path / "o.json"
    named: tuple[object, ...] = ("--lot", "n", "--camera-id", "c", "--out-layout", layout)
    assert run("convert", DATA / "videos" / "drone_lot_rois.json", *named).code == 0
    assert len(read_layout(layout).spots) == 396
    frames = DATA / "frames" / "cnrext.json"
    named += ("--replace",)
    assert run("convert", frames, "--camera", 3, *named, "--out-truth", truth).code == 0
    answer = json.loads(truth.read_text())
    assert (answer["duration_s"], len(answer["spots"])) == (60.0, 21)
    assert "--camera" in run("convert", frames, *named).err
