"""From figures to rows: ratios, goals, and what is written to both stores."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.ledger.kills import rows as rows_of_kills
from benchmarks.ledger.load import closed_loop, in_all
from benchmarks.ledger.ratios import Goal, beside
from benchmarks.ledger.records import WRITERS, Batches, as_pair, layout
from benchmarks.ledger.setting import check_disk
from benchmarks.ledger.volume import disk_mb
from central.layout.validate import check_layout
from node.errors import UsageError


def test_the_ratio_is_the_median_of_the_rounds_ratios() -> None:
    # The machine was slow in the second round, for both: the medians' ratio would be 1.
    row = beside("x", "1/s", [10, 1, 4], [5, 4, 2], peer="etcd", goal=Goal(at_least=2))
    assert (row.ours, row.peer, row.ratio) == (4, 4, 2)
    assert (row.goal, row.met) == (">= 2x", True)


@pytest.mark.parametrize(
    ("goal", "ratio", "met"),
    [
        (Goal(at_least=2), 2.0, True),
        (Goal(at_least=2), 1.99, False),
        (Goal(at_most=1.3), 1.3, True),
        (Goal(at_most=1.3), 1.31, False),
    ],
)
def test_goals(goal: Goal, ratio: float, met: bool) -> None:
    assert beside("x", "1/s", [ratio], [1.0], peer="etcd", goal=goal).met is met


def test_without_etcd_ours_stands_alone() -> None:
    row = beside("x", "1/s", [1.0, 2.0, 3.0], [], peer="etcd", goal=Goal(at_least=2))
    assert (row.ours, row.peer, row.ratio, row.goal, row.met) == (2.0, None, None, None, None)


def test_kills() -> None:
    taken = {
        "ours": [100.0, 130.0, 400.0],
        "etcd": [100.0, 100.0, 190.0],
        "ours, defaults": [300.0, 500.0, 600.0],
    }
    found = rows_of_kills(taken)
    assert [row.ratio for row in found[:2]] == [1.3, pytest.approx(400 / 190)]
    assert [row.met for row in found] == [True, False, None, False]
    alone = rows_of_kills(taken | {"etcd": []})
    assert [row.met for row in alone] == [None, None, None, False]


def test_each_batch_flips_a_spot_of_a_valid_layout() -> None:
    check_layout(layout(), source="benchmark")
    batches = Batches(boot_id="0" * 16, first_us=1)
    first, second = batches.following(7), batches.following(7)
    assert first.key.sequence < second.key.sequence
    assert first.detections[0].occupancy is not second.detections[0].occupancy
    assert batches.following(WRITERS - 1).key.sequence == 1


def test_a_record_has_about_150_bytes_and_a_key_of_its_own() -> None:
    batches = Batches(boot_id="0" * 16, first_us=1_760_000_000_000_000)
    pairs = [as_pair(batches.following(writer % WRITERS)) for writer in range(2 * WRITERS)]
    assert all(130 <= len(key) + len(value) <= 170 for key, value in pairs)
    assert len({key for key, _ in pairs}) == len(pairs)


async def test_a_closed_loop_counts_what_was_answered_in_time() -> None:
    asked = [0, 0]

    async def ask(worker: int) -> None:
        asked[worker] += 1
        await asyncio.sleep(0.01)

    load = await closed_loop(ask, workers=2, seconds=1.0)
    assert 0 < load.answers < sum(asked)  # what was answered while warming up does not count
    assert load.rate == pytest.approx(load.answers / 1.0)
    assert load.median_ms >= 10


async def test_in_all_asks_as_often_as_told() -> None:
    asked: list[int] = []

    async def ask(worker: int) -> None:
        asked.append(worker)
        await asyncio.sleep(0)

    await in_all(ask, workers=3, count=10)
    assert len(asked) == 10
    assert set(asked) == {0, 1, 2}


def test_disk_counts_no_zeros_that_are_only_set_aside(tmp_path: Path) -> None:
    (tmp_path / "wal").write_bytes(b"x" * 1000 + bytes(5_000_000))
    (tmp_path / "db").write_bytes(bytes(2_000_000) + b"x")
    (tmp_path / "spare").write_bytes(bytes(3_000_000))
    assert disk_mb(tmp_path) == pytest.approx(2.001001)


def test_a_directory_in_memory_is_refused() -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir():
        pytest.skip("there is no /dev/shm here")
    with pytest.raises(UsageError, match=r"/dev/shm.*choose one on the disk"):
        check_disk(memory)
