"""Every scenario file, and what the interpreter says of one that fails."""

from pathlib import Path

import pytest

from tests.scenarios.interpreter import Failed, play

SCENARIOS = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(path: Path) -> None:
    failure = None
    try:
        play(path)
    except Failed as failed:
        failure = str(failed)
    if failure:
        pytest.fail(failure, pytrace=False)  # here, so that only the scenario's story is shown


def failure_of(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "some.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(Failed) as failed:
        play(path)
    return str(failed.value)


def test_a_failure_shows_file_line_expectation_state_and_trace(tmp_path: Path) -> None:
    text = failure_of(
        tmp_path, "# A bug.", "group a b c", "elect a", "deliver all", "expect b log 1 2"
    )
    assert text.startswith(
        "some.txt:5: expect b log 1 2\nexpected: b log 1 2\n      is: log 1\n\ntrace:\n"
    )
    assert "    PreRequestVote a->b term 1 last 0@0\n" in text
    assert "replicas:\n    a: role leader, term 1, vote a, " in text


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("frobnicate a", "unknown word 'frobnicate'"),
        ("set colour 1", "unexpected keyword argument 'colour'"),
        ("expect a colour blue", "unknown word 'colour'"),
        ("deliver all", "there is no such mail"),
        ("expect no mail AppendEntires", "unknown word 'AppendEntires'"),
        ("expect no mail a->z", "unknown word 'a->z'"),
        ("propose b x", "not the leader"),
        ("transfer a b => refused: too early", "expected: refused: ...too early..."),
        ("tick a 1 => refused: too early", "it was done"),
        ("crash z", "KeyError('z')"),
    ],
)
def test_a_line_that_cannot_be_played_is_named(tmp_path: Path, line: str, reason: str) -> None:
    text = failure_of(tmp_path, "# A bug.", "group a b", "", line)
    assert text.startswith(f"some.txt:4: {line}\n")
    assert reason in text


def test_a_file_must_open_with_the_bug_that_it_guards(tmp_path: Path) -> None:
    assert "opens with no comment" in failure_of(tmp_path, "group a")


def test_state_machine_safety_is_watched_whatever_a_file_expects(tmp_path: Path) -> None:
    text = failure_of(
        tmp_path,
        "# An entry that was applied is lost with two disks.",
        "group a b c",
        "elect a",
        "run 3",
        "part c",
        "propose a x",
        "run 3",
        "crash a b",
        "wipe b",
        "restart b",
        "heal",
        "elect c",
        "propose c y",
        "run 3",
    )
    assert "somebody" in text
