"""Every planted bug still fits the code, and is caught."""

import ast
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from tests.mutation.__main__ import main, report
from tests.mutation.checks import Finding, paper_tests, simulator
from tests.mutation.planting import CORE, ROOT, Bug, DoesNotApply, copy_core, known_bugs
from tests.mutation.verdicts import Verdict, check_the_core_as_it_is, judge

SEEDS = 150
BUGS = known_bugs()
NO_BUG = Bug("none", "Nothing is wrong.", "nowhere", "quorum.py", "return voters", "return voters")


def named(name: str) -> Bug:
    return next(bug for bug in BUGS if bug.name == name)


def core_files() -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in (ROOT / CORE).glob("*.py")}


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_applies_to_the_current_source(bug: Bug) -> None:
    text = (ROOT / CORE / bug.file).read_text(encoding="utf-8")
    changed = ast.dump(ast.parse(bug.in_source()))  # and is Python
    assert changed != ast.dump(ast.parse(text))


def test_there_are_enough_bugs_all_different_and_each_says_whose_it_is() -> None:
    assert len(BUGS) >= 30
    assert len({bug.name for bug in BUGS}) == len(BUGS)
    assert len({(bug.file, bug.old, bug.new) for bug in BUGS}) == len(BUGS)
    assert [bug.name for bug in BUGS if not re.search(r"section|\w#\d", bug.source)] == []


@pytest.mark.parametrize(("old", "times"), [("no such text", 0), ("def ", 4)])
def test_a_bug_that_does_not_fit_in_just_one_place_is_named(
    old: str, times: int, tmp_path: Path
) -> None:
    with pytest.raises(DoesNotApply, match=f"bug none: .* {times} times in central/raft/quorum.py"):
        copy_core(tmp_path, replace(NO_BUG, old=old))


def test_a_planted_bug_is_caught_by_both_and_the_work_tree_stays_as_it_is(tmp_path: Path) -> None:
    before = core_files()
    copy_core(tmp_path, named("vote-not-persisted"))
    paper = paper_tests(tmp_path, ["tests/central/raft/test_votes.py"])
    assert paper is not None
    assert "votes_for_at_most_one_candidate" in paper.by
    found = simulator(tmp_path, seeds=2)
    assert found is not None
    assert found.by == "0"
    assert "vote" in found.what
    assert core_files() == before


def test_a_core_without_a_bug_is_not_accused(tmp_path: Path) -> None:
    copy_core(tmp_path, NO_BUG)
    assert simulator(tmp_path, seeds=1) is None


@pytest.mark.parametrize(
    ("raising", "what"),
    [
        ("raise KeyError(voters)", "KeyError in majority: "),
        ("raise AssertionError('broken')", "the core's own check: broken"),
    ],
)
def test_a_core_that_raises_is_found_out(raising: str, what: str, tmp_path: Path) -> None:
    copy_core(tmp_path, replace(NO_BUG, old="return voters // 2 + 1", new=raising))
    found = simulator(tmp_path, seeds=1)
    assert found is not None
    assert found.what.startswith(what)


def test_a_bug_that_nobody_catches_is_named_and_fails_the_check(tmp_path: Path) -> None:
    caught = Verdict(named("vote-twice"), Finding("test_x[a]", "assert"), None)
    missed = Verdict(NO_BUG, None, None)
    out, file = io.StringIO(), tmp_path / "found.json"
    console = Console(file=out, width=120)
    assert report([caught], console, seeds=7, json_file=None) == 0
    assert report([caught, missed], console, seeds=7, json_file=file) == 1
    lines = out.getvalue().splitlines()
    assert lines[-1] == "2 bugs planted, 1 caught"
    assert any("vote-twice" in line and "test_x[a]" in line for line in lines)
    assert any("none: CAUGHT BY NOBODY" in line and "in 7 seeds" in line for line in lines)
    assert [bug["caught"] for bug in json.loads(file.read_text())["bugs"]] == [True, False]


def test_a_name_that_no_bug_has_is_refused() -> None:
    result = CliRunner().invoke(main, ["--only", "vote-thrice"])
    assert result.exit_code == 2
    assert "'vote-thrice' is none of " in result.output


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_core_as_it_is_passes() -> None:
    check_the_core_as_it_is(seeds=SEEDS)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_every_planted_bug_is_caught(bug: Bug) -> None:
    assert judge(bug, seeds=SEEDS).caught


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_command_ends_with_a_count() -> None:
    result = CliRunner().invoke(main, ["--only", "vote-twice", "--seeds", "5"])
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == "1 bugs planted, 1 caught"
