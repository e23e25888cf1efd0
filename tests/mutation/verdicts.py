"""What came of each planted bug, as a table and as JSON."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.mutation import checks
from tests.mutation.checks import Finding
from tests.mutation.planting import Bug, copy_core

WIDTH = 170  # where no terminal says otherwise


class Innocent(Exception):
    """The core as it is does not pass, so that a failure with a planted bug would say nothing."""


@dataclass(frozen=True)
class Verdict:
    """Who caught one bug."""

    bug: Bug
    paper: Finding | None
    simulator: Finding | None

    @property
    def caught(self) -> bool:
        """Whether anybody did."""
        return self.paper is not None or self.simulator is not None


def judge(bug: Bug, *, seeds: int) -> Verdict:
    """Plant a bug in a copy and run everything against it; raises DoesNotApply, CheckFailed."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as directory:
        copy = Path(directory)
        copy_core(copy, bug)
        return Verdict(bug, checks.paper_tests(copy), checks.simulator(copy, seeds=seeds))


def check_the_core_as_it_is(*, seeds: int) -> None:
    """Raise Innocent if the core has failures without a planted bug."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as directory:
        copy = Path(directory)
        copy_core(copy, None)
        for found in (checks.paper_tests(copy), checks.simulator(copy, seeds=seeds)):
            if found is not None:
                raise Innocent(f"without any planted bug, {found.by} fails: {found.what}")


def last_line(verdicts: Sequence[Verdict]) -> str:
    """Return the count that ends the report."""
    caught = sum(verdict.caught for verdict in verdicts)
    return f"{len(verdicts)} bugs planted, {caught} caught"


def print_table(verdicts: Sequence[Verdict], console: Console, *, seeds: int) -> None:
    """Print a line a bug."""
    table = Table()
    table.add_column("bug", no_wrap=True)
    table.add_column("first paper test that fails", overflow="fold")
    table.add_column("seed", justify="right", no_wrap=True)
    table.add_column("first violation", no_wrap=True, overflow="ellipsis", max_width=60)
    for verdict in verdicts:
        paper, simulator = verdict.paper, verdict.simulator
        table.add_row(
            verdict.bug.name if verdict.caught else f"{verdict.bug.name}: CAUGHT BY NOBODY",
            escape(paper.by) if paper else "none",
            simulator.by if simulator else "–",
            escape(simulator.what) if simulator else f"none in {seeds} seeds",
        )
    console.print(table)


def write_json(verdicts: Sequence[Verdict], path: Path, *, seeds: int) -> None:
    """Write all that is known, a bug an object."""
    bugs = [
        {
            "name": verdict.bug.name,
            "bug": verdict.bug.bug,
            "source": verdict.bug.source,
            "file": verdict.bug.file,
            "caught": verdict.caught,
            "paper": asdict(verdict.paper) if verdict.paper else None,
            "simulator": asdict(verdict.simulator) if verdict.simulator else None,
        }
        for verdict in verdicts
    ]
    path.write_text(json.dumps({"seeds": seeds, "bugs": bugs}, indent=2) + "\n", encoding="utf-8")
