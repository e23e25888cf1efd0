"""`parkledger convert-labels` as a person runs it, up to the figures of `evaluate`."""

import json
import shlex
from pathlib import Path

import pytest

from node.cli import main

from .published import (
    CONTOUR,
    label,
    space,
    write_cnrpark,
    write_coco,
    write_pklot,
)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    code = ended.value.code
    assert isinstance(code, int)
    return code, captured.out, captured.err


@pytest.mark.parametrize("made", ["pklot-xml", "coco", "cnrpark"])
def test_each_format_can_be_evaluated(
    tmp_path: Path, made: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "two words"
    folder.mkdir()
    source = {
        "pklot-xml": lambda: write_pklot(folder, space("1", 'occupied="1"', CONTOUR)),
        "coco": lambda: write_coco(folder / "_annotations.coco.json"),
        "cnrpark": lambda: write_cnrpark(folder, label("01", "603", "1")),
    }[made]()
    out = tmp_path / "frames.json"
    code, shown, _ = run(capsys, "convert-labels", made, source, "--out", out)
    assert code == 0
    assert shown.startswith(f"{out}: ")
    last = shown.splitlines()[-1]
    assert last.startswith("next: parkledger evaluate ")
    code, shown, _ = run(capsys, *shlex.split(last)[2:], "--json")
    assert code == 0
    assert json.loads(shown.splitlines()[-1])["spots"] >= 1


def test_what_is_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pklot(tmp_path, space("1", "", CONTOUR), space("2", 'occupied="0"', CONTOUR))
    code, shown, _ = run(capsys, "convert-labels", "pklot-xml", tmp_path, "-o", tmp_path / "f.json")
    assert code == 0
    assert "1 frames, 1 spots" in shown
    assert "1 spots left out: no label" in shown


@pytest.mark.parametrize(
    ("arguments", "needle"),
    [
        (["voc", "SOURCE"], "'voc' is not one of"),
        (["pklot-xml", "SOURCE", "--boxes", "b"], "--boxes b: pklot-xml has no such files"),
        (["cnrpark", "SOURCE", "--vacant", "v"], "cnrpark has no categories"),
        (["pklot-xml", "SOURCE", "--images", "nowhere"], "none of the 1 pictures is in nowhere"),
    ],
)
def test_a_wrong_argument_gives_one_line_and_exit_code_2(
    tmp_path: Path, arguments: list[str], needle: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pklot(tmp_path, space("1", 'occupied="1"', CONTOUR))
    given = [str(tmp_path) if argument == "SOURCE" else argument for argument in arguments]
    out = tmp_path / "f.json"
    code, _, error = run(capsys, "convert-labels", *given, "--out", out)
    assert code == 2
    assert len(error.splitlines()) == 1
    assert needle in error
    assert not out.exists()
