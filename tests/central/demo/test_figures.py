"""Percentiles and the object of `--json`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.demo.figures import Figures, Latency, percentile


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60), st.floats(0.01, 1.0))
def test_a_percentile_is_the_least_value_with_the_share_at_or_below(
    values: list[int], share: float
) -> None:
    found = percentile(values, share)
    assert found in values
    at_or_below = [value for value in values if found is not None and value <= found]
    below = [value for value in values if found is not None and value < found]
    assert len(at_or_below) >= share * len(values)
    assert len(below) < share * len(values)


def test_percentiles_of_nothing_and_of_a_share_that_is_none() -> None:
    assert percentile([], 0.5) is None
    with pytest.raises(ValueError, match="share 0"):
        percentile([1], 0)


def figures(*, agreement: float | None) -> Figures:
    return Figures(
        cameras=2,
        spots=40,
        replicas=3,
        frames=180,
        detections_committed=54,
        agreement=agreement,
        latency=Latency.of([120_000, 80_000, 1_500_000]),
        fail_over_ms=412.345,
        unknown_share=1 / 40,
    )


def test_the_object_is_what_the_issue_names() -> None:
    assert figures(agreement=39 / 40).as_json() == {
        "cameras": 2,
        "spots": 40,
        "replicas": 3,
        "frames": 180,
        "detections_committed": 54,
        "agreement": 0.975,
        "latency_ms": {"p50": 120.0, "p99": 1500.0},
        "fail_over_ms": 412.3,
        "unknown_share": 0.025,
    }


@pytest.mark.parametrize(
    ("agreement", "code"), [(None, 0), (1.0, 0), (0.95, 0), (0.9499, 1), (0.0, 1)]
)
def test_the_exit_code_hangs_on_the_agreement_alone(agreement: float | None, code: int) -> None:
    assert figures(agreement=agreement).exit_code == code


def test_a_run_without_changes_has_no_latency() -> None:
    assert Latency.of([]) == Latency(p50_ms=None, p99_ms=None, count=0)
