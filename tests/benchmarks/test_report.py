"""A benchmark's rows as table, JSON and picture."""

import io
import json
from pathlib import Path

import click
import pytest
from rich.console import Console

from benchmarks.machine import Machine, this_machine
from benchmarks.options import report_options
from benchmarks.plot import by_unit, draw
from benchmarks.report import Report, Row, number
from node.errors import UsageError

MACHINE = Machine(cpu="Abacus", cores=2, memory_gib=4.0, system="Linux 6", python="3.11.1")
PLAIN = Row("frames", "frames/s", 3.98)
PEERED = Row("appends", "1/s", 12_000, 3_000, "etcd", 4.0, ">= 4x", met=True)
MISSED = Row("fail-over", "ms", 2300.0, goal="< 2000 ms", met=False)
NOTHING = Row("agreement", "of 1", None)


def report(*rows: Row) -> Report:
    return Report(machine=MACHINE, rows=rows)


def test_the_object_is_what_the_issue_names() -> None:
    shown = json.loads(json.dumps(report(PLAIN, PEERED).as_json()))
    assert shown["machine"]["cpu"] == "Abacus"
    assert shown["rows"] == [
        {
            "name": "frames",
            "unit": "frames/s",
            "ours": 3.98,
            "peer": None,
            "peer_name": None,
            "ratio": None,
            "goal": None,
            "met": None,
        },
        {
            "name": "appends",
            "unit": "1/s",
            "ours": 12_000,
            "peer": 3_000,
            "peer_name": "etcd",
            "ratio": 4.0,
            "goal": ">= 4x",
            "met": True,
        },
    ]


def test_a_row_without_a_goal_counts_as_met() -> None:
    assert report(PLAIN, PEERED, NOTHING).met
    assert not report(PLAIN, MISSED).met


def test_a_goal_without_a_verdict_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="go together"):
        Row("x", "ms", 1.0, goal="< 2 ms")


def test_the_table_shows_peers_only_where_there_are_some() -> None:
    def printed(shown: Report) -> str:
        out = io.StringIO()
        Console(file=out, width=160).print(shown.table())
        return out.getvalue()

    assert "ratio" not in printed(report(PLAIN, MISSED))
    assert "< 2000 ms: MISSED" in printed(report(PLAIN, MISSED))
    assert "3,000 (etcd)" in printed(report(PEERED))
    assert "none" in printed(report(NOTHING))


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "none"), (0.00761, "0.00761"), (3.98, "3.98"), (29.24, "29.2"), (12345.6, "12,346")],
)
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


def test_the_picture(tmp_path: Path) -> None:
    file = tmp_path / "p.png"
    draw(report(PLAIN, PEERED, MISSED, NOTHING), file)
    assert file.read_bytes().startswith(b"\x89PNG")


def test_rows_of_a_unit_share_a_scale() -> None:
    other = Row("latency", "ms", 80.0)
    assert by_unit([MISSED, PLAIN, other]) == [[MISSED, other], [PLAIN]]


def test_the_options_write_both_files(tmp_path: Path) -> None:
    @click.command()
    @click.option("--times", type=int)
    @report_options
    def command(times: int) -> Report:
        return report(Row("times", "1", float(times)))

    json_file, plot_file = tmp_path / "r.json", tmp_path / "p.png"
    arguments = ["--times", "7", "--json", str(json_file), "--plot", str(plot_file)]
    assert command.main(arguments, standalone_mode=False) is True
    assert json.loads(json_file.read_text(encoding="utf-8"))["rows"][0]["ours"] == 7.0
    assert plot_file.stat().st_size > 1000


def test_a_file_that_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    measured = []

    @click.command()
    @report_options
    def command() -> Report:
        measured.append(1)
        return report(PLAIN)

    with pytest.raises(UsageError, match=r"--json .*none"):
        command.main(["--json", str(tmp_path / "none" / "r.json")], standalone_mode=False)
    assert not measured


def test_this_machine_is_described() -> None:
    machine = this_machine()
    assert machine.cpu
    assert machine.cores >= 1
    assert machine.memory_gib > 0
