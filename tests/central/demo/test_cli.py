"""`parkledger demo`: wrong options, and what it says at the end. The real run is in tests/e2e."""

import socket
from pathlib import Path

import pytest

from central.demo.cli import conclusion, pages_address
from central.demo.figures import Figures, Latency
from central.demo.run import Outcome
from central.demo.truth import Agreement
from node.address import Address
from node.cli import main
from node.errors import OperationError


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--seconds", "1"], "1.0 is not in the range 8<=x<=86400"),
        (["--seconds", "nan"], "nan is not a number"),
        (["--fps", "0"], "0.0 is not in the range"),
        (["--layout", "x.toml"], "--layout x.toml: goes with --source"),
        (["--truth", "x.json"], "--truth x.json: goes with --source"),
        (["--source", "x.mp4"], "--source x.mp4: needs --layout FILE"),
        (["--source", "x.mp4", "--layout", "none.toml"], "none.toml: cannot be read"),
        (["--picture", "/nowhere/x.svg"], "--picture /nowhere/x.svg: give a file, ending in .svg"),
        (["--keep", "."], "--keep .: is not empty"),
    ],
)
def test_wrong_options(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["demo", *arguments])
    assert left.value.code == 2
    captured = capsys.readouterr()
    assert line in captured.err
    assert len(captured.err.splitlines()) == 1


def test_keep_must_be_a_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["demo", "--keep", "/dev/null/x"])
    assert left.value.code == 2
    assert "--keep /dev/null/x: Not a directory" in capsys.readouterr().err


def test_the_pages_move_aside_unless_their_place_was_asked_for() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        asked = Address("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(OperationError, match="choose another one with --listen"):
            pages_address(asked)
    assert pages_address(Address("127.0.0.1", 0)).port != 0
    assert pages_address(None).host == "127.0.0.1"


def test_the_conclusion() -> None:
    figures = Figures(
        cameras=1,
        spots=40,
        replicas=3,
        frames=90,
        detections_committed=54,
        agreement=0.975,
        latency=Latency(p50_ms=81.4, p99_ms=120.0, count=50),
        fail_over_ms=411.6,
        unknown_share=0.0,
    )
    outcome = Outcome(figures=figures, agreement=Agreement(compared=40, differing=("A05",)))
    assert list(conclusion(outcome)) == [
        "90 frames of 1 camera, 54 changes committed to 3 replicas",
        "agreement with the truth: 97.5% (39 of 40 spots; at least 95% is asked); differing: A05",
        "capture to commit: p50 81 ms, p99 120 ms",
        "fail-over, SIGKILL to the next acked commit: 412 ms",
        "unknown at the end: 0.0% of 40 spots",
    ]
