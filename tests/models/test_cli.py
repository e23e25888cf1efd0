"""`parkledger evaluate` as a person or a script runs it."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from models.cli import evaluate
from node.cli import main

from .tiny_models import draw_asphalt, draw_car, write_mean_model

REGION = [[40, 30], [160, 30], [160, 170], [40, 170]]


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Two cameras with a car and an empty spot each, in one frame each."""
    rng = np.random.default_rng(8)
    images = []
    for camera in ("east", "west"):
        picture = np.hstack([draw_car(rng), draw_asphalt(rng)])
        cv2.imwrite(str(tmp_path / f"{camera}.png"), picture)
        beside = [[x + 200, y] for x, y in REGION]
        images.append(
            {
                "image": f"{camera}.png",
                "width": 400,
                "height": 200,
                "camera": camera,
                "spots": [
                    {"id": "A1", "polygon": REGION, "occupied": True},
                    {"id": "A2", "polygon": beside, "occupied": False},
                ],
            }
        )
    path = tmp_path / "frames.json"
    path.write_text(json.dumps({"source": "drawn", "images": images}))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(evaluate, [str(argument) for argument in arguments])


def test_the_last_line_is_the_promised_object(frames: Path) -> None:
    result = run(frames, "--json")
    assert result.exit_code == 0, result.output
    measured = json.loads(result.stdout.splitlines()[-1])
    keys = ("images", "spots", "accuracy", "balanced_accuracy", "ece", "brier", "unknown_share")
    assert list(measured) == [*keys, "error_when_sure", "by_camera", "balanced_accuracy_95"]
    assert measured["images"] == 2
    assert measured["spots"] == 4
    assert measured["accuracy"] == 1.0
    assert set(measured["by_camera"]) == {"east", "west"}
    assert measured["by_camera"]["east"]["spots"] == 2


def test_without_json_a_table_names_every_camera(frames: Path) -> None:
    result = run(frames)
    assert result.exit_code == 0, result.output
    for name in ("east", "west", "all", "100.00%"):
        assert name in result.stdout


def test_figures_are_listed_by_weather_and_hour_where_asked_for(frames: Path) -> None:
    """East is sunny at eight; west says nothing of itself."""
    document = json.loads(frames.read_text())
    document["images"][0] |= {"weather": "sunny", "datetime": "2020-01-02T08:15"}
    frames.write_text(json.dumps(document))
    both = ("--by", "weather", "--by", "hour")
    measured = json.loads(run(frames, "--json", *both).stdout.splitlines()[-1])
    assert set(measured["by_camera"]) == {"east", "west"}
    assert list(measured["by_weather"]) == ["-", "sunny"]
    assert list(measured["by_hour"]) == ["08", "-"]
    assert measured["by_hour"]["08"]["spots"] == 2
    shown = run(frames, *both).stdout
    assert "sunny" in shown
    assert "08" in shown
    assert "east" not in shown
    assert "balanced accuracy of all: 100.00% to 100.00%" in shown


def test_the_curve_is_a_picture_of_two_charts(frames: Path, tmp_path: Path) -> None:
    chart = tmp_path / "curve.png"
    assert run(frames, "--curve", chart, "--json").exit_code == 0
    picture = cv2.imread(str(chart))
    assert picture is not None
    assert picture.shape == (460, 1200, 3)
    left, right = picture[:, :600], picture[:, 600:]
    assert min(left.std(), right.std()) > 5


def test_another_model_is_used_and_its_mistakes_drawn(frames: Path, tmp_path: Path) -> None:
    """A model that calls everything dark vacant is wrong somewhere, and the sheet shows where."""
    model = write_mean_model(tmp_path / "mean.onnx")
    sheet = tmp_path / "sheet.png"
    result = run(frames, "--model", model, "--json", "--errors", sheet)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout.splitlines()[-1])["accuracy"] < 1.0
    picture = cv2.imread(str(sheet))
    assert picture is not None
    assert picture.std() > 10


def test_pictures_in_another_folder(frames: Path, tmp_path: Path) -> None:
    moved = tmp_path / "pictures"
    moved.mkdir()
    for name in ("east.png", "west.png"):
        (tmp_path / name).rename(moved / name)
    assert isinstance(run(frames).exception, Exception)
    assert run(frames, "--images", moved).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "needle"),
    [
        (["none.json"], "none.json: cannot be read"),
        (["FRAMES", "--images", "nowhere"], "no picture at"),
        (["FRAMES", "--model", "none.onnx"], "cannot read model"),
        (["FRAMES", "--errors", "sheet.txt"], ".png or .jpg"),
        (["FRAMES", "--errors", "no/such/folder/sheet.png"], "folder that exists"),
        (["FRAMES", "--curve", "curve.txt"], "--curve curve.txt: end the name in .png or .jpg"),
        (["FRAMES", "--by", "colour"], "'colour' is not one of"),
    ],
)
def test_a_wrong_argument_gives_one_line_and_exit_code_2(
    frames: Path, arguments: list[str], needle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(frames) if argument == "FRAMES" else argument for argument in arguments]
    with pytest.raises(SystemExit) as caught:
        main(["evaluate", *given])
    assert caught.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("parkledger: ")
    assert needle in lines[0]


def test_every_option_has_help_and_an_environment_variable() -> None:
    for parameter in evaluate.params:
        if parameter.param_type_name == "option" and parameter.name != "help":
            record = parameter.to_info_dict()
            assert record["help"]
            assert getattr(parameter, "show_envvar", False)
