"""Runs `parkledger` in the test's own process: what it prints and returns."""

from dataclasses import dataclass

import pytest

from node.cli import main


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it said."""

    code: int
    out: list[str]
    err: str


class Runner:
    """Runs `parkledger` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Outcome:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Outcome(ended.value.code, captured.out.splitlines(), captured.err)
