"""Played cameras over gRPC: every row runs on real processes, and its figures are judged."""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.pipeline.cli import _overhead, benchmark
from benchmarks.pipeline.groups import on_a_core, percentile_ms
from benchmarks.pipeline.live import Load

TINY = ["--cameras", "1", "--strip-cameras", "2", "--connected", "2", "--committing", "1"]


@pytest.mark.parametrize(
    ("group", "counted"),
    [
        ("frames", "1 cameras at 1/s, full frames, what changed classified, one core: CPU of the"),
        (
            "strips",
            "2 cameras at 1/s, strips of 100 regions (gate off), all classified, one core: CPU",
        ),
        ("cores", "two cores against one: the bare stages alone"),
        ("connected", "2 cameras connected, a full frame each 10 s: memory half-way"),
        ("commit", "1 cameras at 1/s, three replicas: capture to committed: frames lost"),
    ],
)
def test_each_row_runs(tmp_path: Path, group: str, counted: str) -> None:
    figure = None
    for seconds in ("2", "10", "40"):  # a machine that is too busy classifies nothing in time
        figure = figure_of(group, counted, tmp_path / f"{seconds}.json", seconds=seconds)
        if figure is not None:
            break
    assert figure is not None
    assert figure > 0 or "lost" in counted


def figure_of(group: str, counted: str, file: Path, *, seconds: str) -> float | None:
    arguments = [*TINY, "--rows", group, "--seconds", seconds, "--rounds", "3", "--json", str(file)]
    benchmark.main(arguments, standalone_mode=False)
    rows = {row["name"]: row["ours"] for row in json.loads(file.read_text())["rows"]}
    (figure,) = (ours for name, ours in rows.items() if name.startswith(counted))
    assert figure is None or isinstance(figure, float)
    return figure


def test_what_was_lost_misses_the_goal() -> None:
    def met(load: Load, cameras: int = 100) -> bool | None:
        return on_a_core(load, cameras, "full frames", 100)[0].met

    quick = [0.02] * 100
    assert met(Load(classified=100, seconds=quick)) is True
    assert met(Load(classified=100, seconds=quick), cameras=99) is False
    assert met(Load(classified=100, refused=1, seconds=quick)) is False
    assert met(Load(classified=100, dropped=1, seconds=quick)) is False
    assert met(Load(classified=100, seconds=[0.3] * 100)) is False
    assert met(Load()) is False


def test_overhead_is_of_cpu_time_a_frame() -> None:
    assert _overhead("all", Load(classified=100, cpu_s=1.2), 10.0).met is True
    assert _overhead("all", Load(classified=100, cpu_s=1.3), 10.0).met is False
    assert _overhead("all", Load(), 10.0).met is False


def test_percentiles() -> None:
    assert percentile_ms([0.001 * n for n in range(1, 101)], 0.99) == pytest.approx(100.0)
    assert percentile_ms([0.002], 0.5) == pytest.approx(2.0)
    assert percentile_ms([], 0.5) is None


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(["--rows", "nothing"], "'nothing' is not one of"), (["--cameras", "0"], "--cameras")],
)
def test_wrong_values(arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["pipeline", *arguments])
    assert left.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert named in line


def test_evenness_is_one_only_if_all_cameras_had_as_much() -> None:
    assert Load().evenness is None
    assert Load(each=[5, 5, 5]).evenness == 1.0
    assert Load(each=[9, 0, 0]).evenness == pytest.approx(1 / 3)
