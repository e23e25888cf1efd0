"""`parkledger apply` as a person runs it, without a ledger. With real replicas: tests/e2e."""

from pathlib import Path

import pytest

from tests.central.layout.layouts import NORTH
from tests.command_line import Outcome, Runner


@pytest.fixture
def north_file(tmp_path: Path) -> Path:
    """A valid layout file."""
    path = tmp_path / "north.toml"
    path.write_text(NORTH)
    return path


def test_apply_checks_without_sending(run: Runner, north_file: Path) -> None:
    outcome = run("apply", north_file, "--dry-run")
    assert outcome == Outcome(0, ["north: valid, 2 spots, 1 camera (not sent)"], "")


def test_apply_refuses_a_wrong_file_in_one_line_before_anything_is_sent(
    run: Runner, north_file: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(NORTH.replace("north", "south").replace("[0.6, 0.4]", "[1.2, 0.4]"))
    outcome = run("apply", north_file, wrong, "--ledger", "127.0.0.1:1")
    assert outcome == Outcome(
        2,
        [],
        f"parkledger: {wrong}: cameras[0].regions[1].polygon[2]: x is 1.2; "
        "coordinates are fractions of the picture, 0 to 1\n",
    )


def test_apply_without_a_ledger_listening_ends_with_1(run: Runner, north_file: Path) -> None:
    outcome = run("apply", north_file, "--ledger", "127.0.0.1:1", "--timeout", "0.3")
    assert (outcome.code, outcome.out) == (1, [])
    assert "north.toml: lot 'north': " in outcome.err
    assert outcome.err.count("\n") == 1
