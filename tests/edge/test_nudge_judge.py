import numpy as np

from edge.nudge import Movement
from edge.nudge_judge import NudgeJudge, NudgeLimits
from edge.persistence import Moment

LIMITS = NudgeLimits(shift_px=6.0, every_s=10.0, lost_s=60.0)


def by(pixels: float) -> Movement:
    return Movement(np.eye(3), agreeing=40, tiles=60, shift_px=pixels)


class Looks:
    """A look every ten seconds."""

    def __init__(self) -> None:
        self.judge = NudgeJudge(LIMITS)
        self.at = 0

    def see(self, *seen: float | None, structured: bool = True) -> list[bool]:
        held = []
        for pixels in seen:
            self.at += 10
            moment = Moment(float(self.at), self.at * 1_000_000)
            movement = None if pixels is None else by(pixels)
            held.append(self.judge.observe(movement, moment, structured=structured))
        return held


def test_three_looks_make_a_nudge_and_two_end_it() -> None:
    looks = Looks()
    assert looks.see(1, 9, 9, 9) == [False, False, False, True]
    assert looks.judge.since_us == 20_000_000
    assert looks.judge.detail == "moved by about 9 px of a picture 1920 wide"
    assert looks.see(1, 1) == [True, False]


def test_a_gust_is_no_nudge() -> None:
    assert not any(Looks().see(9, 9, 1, 9, 9, 1, 9, 9, 1))


def test_just_under_the_limit_a_nudge_goes_on() -> None:
    looks = Looks()
    looks.see(9, 9, 9)
    assert looks.see(5, 5, 5, 4, 4) == [True, True, True, True, False]


def test_the_detail_changes_only_with_the_camera() -> None:
    looks = Looks()
    looks.see(9, 9, 9)
    looks.see(10, 8, 12, 13)
    assert "9 px" in looks.judge.detail
    looks.see(30)
    assert "30 px" in looks.judge.detail


def test_what_cannot_be_told_changes_nothing() -> None:
    looks = Looks()
    looks.see(9, 9, 9)
    assert looks.see(None, None, structured=False) == [True, True]
    looks.see(1, 1)
    assert not any(looks.see(*[None] * 50, structured=False))


def test_a_clear_picture_of_something_else_is_a_camera_turned_away() -> None:
    looks = Looks()
    looks.see(1)
    assert looks.see(*[None] * 7) == [False] * 6 + [True]
    assert "no longer shows" in looks.judge.detail
    assert looks.see(1, 1)[-1] is False


def test_but_not_if_the_view_was_never_recognised() -> None:
    assert not any(Looks().see(*[None] * 50))
