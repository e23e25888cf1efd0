"""When a camera counts as silent."""

import pytest

from central.processor.silence import Silence, silent_after


@pytest.mark.parametrize(
    ("rate", "override", "seconds"),
    [(1.0, None, 10.0), (25.0, None, 10.0), (0.1, None, 50.0), (0.0, None, 10.0), (0.1, 3.0, 3.0)],
)
def test_five_missed_frames_and_at_least_ten_seconds(
    rate: float, override: float | None, seconds: float
) -> None:
    assert silent_after(rate, override=override) == pytest.approx(seconds)


def test_silence_is_told_once_until_the_camera_is_heard() -> None:
    silence = Silence(after=10.0, now=100.0)
    assert not silence.overdue(109.9)
    assert silence.overdue(110.0)
    silence.fall_silent()
    assert not silence.overdue(500.0)
    silence.heard(500.0)
    assert not silence.silent
    assert not silence.overdue(509.9)
    assert silence.overdue(510.0)
    assert silence.since(512.0) == 12.0
