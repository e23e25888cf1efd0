"""Temperature and thresholds on data whose right answer is known."""

import numpy as np
import pytest

from models.calibration import sigmoid, source_weights, temperature, thresholds


@pytest.mark.parametrize("truth", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_the_logits_too_steep_is_found(truth: float) -> None:
    rng = np.random.default_rng(4)
    honest = rng.normal(0.0, 2.0, 40_000)
    occupied = rng.random(40_000) < sigmoid(honest)
    weights = np.full(40_000, 1 / 40_000)
    assert temperature(honest * truth, occupied, weights) == pytest.approx(truth, rel=0.05)


def test_thresholds_leave_two_in_a_hundred_undecided() -> None:
    probabilities = np.concatenate([np.linspace(0.51, 0.70, 2), np.full(98, 0.95)])
    chosen = thresholds(probabilities, np.full(100, 0.01))
    assert chosen.occupied_above == pytest.approx(0.70)
    assert chosen.vacant_below == pytest.approx(0.30)


def test_thresholds_stay_within_their_limits() -> None:
    sure, unsure = np.full(100, 0.999), np.full(100, 0.501)
    weights = np.full(100, 0.01)
    assert thresholds(sure, weights).occupied_above == pytest.approx(0.90)
    assert thresholds(unsure, weights).occupied_above == pytest.approx(0.60)


def test_each_source_weighs_the_same() -> None:
    weights = source_weights(np.array(["a", "a", "a", "b"]))
    np.testing.assert_allclose(weights, [1 / 6, 1 / 6, 1 / 6, 1 / 2])
