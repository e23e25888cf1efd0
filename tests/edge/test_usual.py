"""How sharp a camera usually is: by its own pictures, slowly."""

from edge.usual import UsualSharpness
from tests.edge.test_persistence import at

HOUR = 3600


def learnt(value: float = 0.6) -> UsualSharpness:
    usual = UsualSharpness()
    for second in range(30):
        usual.learn(value, at(second))
    return usual


def test_nothing_is_said_before_it_knows_the_camera() -> None:
    usual = UsualSharpness()
    usual.learn(0.6, at(0))
    assert usual.is_blurred(0.01, was=False) is None


def test_a_third_of_what_is_usual_is_blurred_and_a_half_is_rain() -> None:
    usual = learnt(0.6)
    assert usual.is_blurred(0.6 * 0.3, was=False) is True
    assert usual.is_blurred(0.6 * 0.5, was=False) is False
    assert usual.is_blurred(0.6 * 0.4, was=True) is True
    assert usual.is_blurred(0.6 * 0.5, was=True) is False


def test_what_cannot_be_measured_says_nothing() -> None:
    usual = learnt()
    usual.learn(None, at(31))
    assert usual.is_blurred(None, was=True) is None


def test_fog_that_comes_within_hours_is_not_the_new_usual_and_a_sharper_lens_soon_is() -> None:
    foggy, cleaned = learnt(0.6), learnt(0.6)
    for minute in range(6 * 60):
        foggy.learn(0.3, at(30 + 60 * minute))
        cleaned.learn(1.2, at(30 + 60 * minute))
    assert foggy.share(0.6) is not None
    assert foggy.share(0.6) < 1.2  # type: ignore[operator]
    assert abs((cleaned.share(1.2) or 0.0) - 1.0) < 0.01


def test_a_long_gap_does_not_make_one_picture_the_usual() -> None:
    usual = learnt(0.6)
    usual.learn(3.0, at(30 * HOUR))
    assert (usual.share(0.6) or 0.0) > 0.5
