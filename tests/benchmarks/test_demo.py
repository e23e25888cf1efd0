"""The demo's benchmark: CPU by role, and the rows."""

import sys

import pytest

from benchmarks.cpu_by_role import Sample, role_of, usage
from benchmarks.demo import rows
from central.demo.processes import command_line

ROLES = {1: "replicas", 2: "processor", 3: "cameras", 4: "cameras"}


def sample(at: float, **seconds: float) -> Sample:
    by_pid = {int(pid[1:]): used for pid, used in seconds.items()}
    return Sample(at=at, seconds=by_pid, roles={pid: ROLES[pid] for pid in by_pid})


def test_a_childs_role_is_read_from_its_command_line() -> None:
    assert role_of(command_line(["ledger", "--replica-id", "camera"])) == "replicas"
    assert role_of(command_line(["camera", "--camera-id", "ledger"])) == "cameras"
    assert role_of([sys.executable, "-c", "pass"]) is None


def test_starting_is_left_out() -> None:
    samples = [
        sample(0.0, p1=5.0),
        sample(1.0, p1=6.0, p2=3.0, p3=2.0),  # all roles are there
        sample(3.0, p1=7.0, p2=4.0, p3=3.0),  # two seconds later it counts
        sample(5.0, p1=7.2, p2=5.0, p3=3.4),
    ]
    assert usage(samples, settle_s=2.0) == pytest.approx(
        {"replicas": 0.1, "processor": 0.5, "cameras": 0.2}
    )


def test_a_process_that_comes_later_counts_from_its_first_sample() -> None:
    samples = [
        sample(0.0, p1=0.0, p2=0.0, p3=0.0),
        sample(1.0, p1=0.1, p2=0.1, p3=0.1, p4=9.0),
        sample(2.0, p1=0.2, p2=0.2, p4=9.3),  # and one that ended until its last
    ]
    assert usage(samples, settle_s=0.0)["cameras"] == pytest.approx((0.1 + 0.3) / 2)


def test_without_all_roles_there_is_no_figure() -> None:
    assert usage([sample(0.0, p1=1.0), sample(1.0, p1=2.0)], settle_s=0.0) == {}
    assert usage([], settle_s=0.0) == {}


def figures(**changed: object) -> dict[str, object]:
    whole: dict[str, object] = {
        "frames": 90,
        "latency_ms": {"p50": 80.0, "p99": 120.0},
        "fail_over_ms": 412.0,
        "agreement": 0.975,
        "unknown_share": 0.0,
    }
    return whole | changed


def test_rows() -> None:
    cpu = {"cameras": 0.06, "processor": 0.08}
    found = {row.name: row for row in rows(figures(), cpu, seconds=45.0)}
    assert found["frames classified"].ours == 2.0
    assert found["CPU a frame, cameras"].ours == pytest.approx(30.0)
    assert found["CPU in all"].ours == pytest.approx(0.14)
    assert found["fail-over, SIGKILL to commit"].met is True
    assert found["agreement with the truth"].met is True


def test_goals_can_be_missed_or_absent() -> None:
    bad = rows(figures(fail_over_ms=2000.0, agreement=0.9), {}, seconds=45.0)
    assert [row.met for row in bad if row.goal] == [False, False]
    none = rows(figures(fail_over_ms=None, agreement=None, frames=0), {}, seconds=45.0)
    assert [row.goal for row in none if row.goal] == []
