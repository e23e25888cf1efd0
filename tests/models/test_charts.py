"""The charts show what they are given: lines where the values are, and axes that end well."""

import numpy as np
import pytest

from models.charts import draw, round_up
from models.curves import Abstention, Reliability
from models.patches import Image

CALIBRATED = Reliability(np.array([0.05, 0.95]), np.array([0.05, 0.95]), np.array([50, 50]))


def blue(picture: Image) -> Image:
    """Where the curve's colour is."""
    b, g, r = (picture[..., channel].astype(int) for channel in range(3))
    return (b > 150) & (r < 90) & (g < 140)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("value", "end"), [(0.04, 0.05), (0.1, 0.1), (0.11, 0.2), (0.021, 0.05), (1.0, 1.0)]
)
def test_an_axis_ends_at_one_two_or_five(value: float, end: float) -> None:
    assert round_up(value) == pytest.approx(end)


def test_a_falling_curve_falls() -> None:
    steps = np.linspace(0.0, 0.1, 50)
    picture = draw(Abstention(steps, 0.04 - 0.3 * steps), CALIBRATED, (0.02, 0.034))
    rows, columns = np.nonzero(blue(picture)[70:390, 90:570])
    left, right = rows[columns < 40].mean(), rows[columns > 440].mean()
    assert right > left + 100, "down in the picture is a larger row"
    reds = (picture[..., 2] > 170) & (picture[..., 0] < 90)
    assert reds[:, :600].any(), "the thresholds' own point"


def test_thin_bins_get_no_point() -> None:
    curve = Abstention(np.array([0.0]), np.array([0.01]))
    thin = Reliability(np.array([0.05, 0.5]), np.array([0.9, 0.1]), np.array([3, 2]))
    thick = Reliability(thin.given, thin.found, np.array([300, 200]))
    assert not blue(draw(curve, thin, (0.0, 0.01)))[:, 600:].any()
    assert blue(draw(curve, thick, (0.0, 0.01)))[:, 600:].any()


def test_a_faultless_model_can_be_drawn() -> None:
    curve = Abstention(np.array([0.0]), np.array([0.0]))
    assert draw(curve, CALIBRATED, (0.0, 0.0)).shape == (460, 1200, 3)
