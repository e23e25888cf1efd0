"""Cameras over gRPC: one that really streams, and how its figures are judged."""

from pathlib import Path

from benchmarks.pipeline.cli import _live_rows
from benchmarks.pipeline.live import Load, run_load
from benchmarks.pipeline.scene import make_scene
from central.demo.ports import free_addresses


async def test_a_camera_streams_and_is_counted(tmp_path: Path) -> None:
    first, second = free_addresses(2)
    load = await run_load(
        tmp_path, (first.port, second.port), make_scene(1).jpegs, cameras=1, rate=2.0, seconds=3.0
    )
    assert load.classified >= 1
    assert len(load.seconds) >= load.classified
    assert load.cpu_s > 0


def test_what_was_lost_misses_the_goal() -> None:
    well = Load(classified=100, lost=0, seconds=[0.02] * 100, cpu_s=1.2)
    assert [row.met for row in _live_rows(well, 10, 10.0)] == [True, True, None]
    late = Load(classified=100, lost=1, seconds=[0.02] * 100, cpu_s=1.3)
    assert [row.met for row in _live_rows(late, 10, 10.0)] == [False, False, None]
    nothing = Load()
    assert [row.met for row in _live_rows(nothing, 10, 10.0)] == [False, False, None]
