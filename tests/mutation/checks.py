"""Runs the paper tests and the simulator against a copy of the core, each in a process."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mutation.planting import ROOT

PAPER_TESTS = ("tests/central/raft",)
TEST_SECONDS = 30  # a planted bug may loop for ever; the slowest test takes about two
PAPER_SECONDS = 300
SEED_SECONDS = 60  # a seed takes about a fifth of a second


class CheckFailed(Exception):
    """The check itself could not be run, which says nothing about the core."""


@dataclass(frozen=True)
class Finding:
    """What a check has against a core. `by` is a test's name or a seed, `what` is one line."""

    by: str
    what: str


def paper_tests(copy: Path, tests: Sequence[str] = PAPER_TESTS) -> Finding | None:
    """Return the first paper test that fails with the core in `copy`, or None."""
    report = copy / "paper.xml"
    arguments = [
        *("-m", "pytest", "-x", "-q", "-m", "not long", f"--timeout={TEST_SECONDS}"),
        *("-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"), f"--rootdir={ROOT}"),
        *("--import-mode=append", f"--junitxml={report}", *(str(ROOT / test) for test in tests)),
    ]
    try:
        ended = _python(copy, arguments, seconds=PAPER_SECONDS)
    except subprocess.TimeoutExpired:
        return Finding("all of them", f"did not end within {PAPER_SECONDS} s")
    if ended.returncode == pytest.ExitCode.OK:
        return None
    if ended.returncode == pytest.ExitCode.TESTS_FAILED and (first := _first_failure(report)):
        return first
    raise CheckFailed(f"pytest ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")


def simulator(copy: Path, *, seeds: int) -> Finding | None:
    """Return the first of `seeds` seeds that has a violation with the core in `copy`, or None."""
    arguments = ["-m", "tests.mutation.hunt", str(seeds), str(SEED_SECONDS)]
    ended = _python(copy, arguments, seconds=SEED_SECONDS * (seeds + 1))
    if ended.returncode:
        raise CheckFailed(f"the simulator ended with {ended.returncode}:\n{ended.stderr}")
    found = json.loads(ended.stdout)
    return None if found is None else Finding(str(found["seed"]), found["violation"])


def _python(
    copy: Path, arguments: Sequence[str], *, seconds: int
) -> subprocess.CompletedProcess[str]:
    """Run Python so that `central` is the copy's and all else the work tree's."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment = inherited | {
        "PYTHONPATH": os.pathsep.join((str(copy), str(ROOT))),
        "PYTHONDONTWRITEBYTECODE": "1",  # the work tree stays as it is
    }
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env=environment,
        timeout=seconds,
        check=False,
        capture_output=True,
        text=True,
    )


def _first_failure(report: Path) -> Finding | None:
    for case in ET.parse(report).iter("testcase"):
        for broken in (*case.findall("failure"), *case.findall("error")):
            what = (broken.get("message") or "").partition("\n")[0]
            name = str(case.get("name"))
            if name == "runTest":  # what hypothesis calls every state machine's test
                name = str(case.get("classname")).rpartition(".")[2]
            return Finding(name, what)
    return None
