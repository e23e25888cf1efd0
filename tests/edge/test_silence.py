import math
from collections.abc import Iterator

from edge.session import Limits
from edge.silence import TICK_S, Patience, Silence, Step

PATIENCE = Patience(ping_s=0.5, least_s=1.5, most_s=5.0, times=3.0)


class Stream:
    """Ticks of a stream whose processor owes an ack since second 0."""

    def __init__(self) -> None:
        self.now = 100.0
        self.silence = Silence(PATIENCE, now=self.now)

    def owe(self, seconds: float) -> Iterator[Step]:
        since = self.now
        while self.now < since + seconds - 1e-9:
            self.now += TICK_S
            yield self.silence.tick(now=self.now, owed_since=since)

    def answered_after(self, seconds: float) -> None:
        """An ack that takes so long."""
        assert Step.LEAVE not in list(self.owe(seconds))
        self.silence.heard()
        self.silence.tick(now=self.now, owed_since=None)

    def rest(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.now += TICK_S
            assert self.silence.tick(now=self.now, owed_since=None) is Step.WAIT

    def left_after(self) -> float:
        """How long a processor that says nothing any more is waited for."""
        return sum(TICK_S for step in iter(self.owe(60.0).__next__, Step.LEAVE)) + TICK_S


def test_one_that_answered_promptly_is_pinged_and_then_left() -> None:
    stream = Stream()
    stream.answered_after(0.1)
    steps = list(stream.owe(1.6))
    assert steps[:4] == [Step.WAIT] * 4
    assert steps[5:13] == [Step.PING] * 8
    assert steps[-1] is Step.LEAVE


def test_who_owes_nothing_is_never_silent() -> None:
    stream = Stream()
    stream.answered_after(0.1)
    stream.rest(100.0)
    assert abs(stream.left_after() - 1.5) < 2 * TICK_S


def test_a_sign_of_life_begins_the_silence_anew() -> None:
    stream = Stream()
    stream.answered_after(0.1)
    for _ in range(20):
        assert Step.LEAVE not in list(stream.owe(0.6))
        stream.silence.heard()


def test_the_first_answer_has_longer() -> None:
    assert abs(Stream().left_after() - 5.0) < 2 * TICK_S


def test_over_a_slow_link_the_patience_is_of_its_longest_waits() -> None:
    stream = Stream()
    stream.answered_after(1.2)
    for _ in range(3):
        stream.answered_after(0.1)
    assert abs(stream.left_after() - 3.6) < 3 * TICK_S


def test_a_long_wait_is_forgotten_in_time_and_no_patience_is_endless() -> None:
    stream = Stream()
    stream.answered_after(4.0)
    stream.rest(130.0)
    stream.answered_after(0.1)
    assert abs(stream.left_after() - 5.0) < 3 * TICK_S
    stream = Stream()
    stream.answered_after(4.0)
    stream.rest(250.0)
    stream.answered_after(0.1)
    assert abs(stream.left_after() - 1.5) < 3 * TICK_S


def test_waits_for_rare_large_pictures_are_remembered_for_longer() -> None:
    def remembered_s(picture_s: float) -> float:
        patience = Limits.among(2, picture_s=picture_s).silence
        assert patience is not None
        return patience.remembered_s

    assert [remembered_s(every) for every in (60.0, 600.0, math.inf)] == [120.0, 1200.0, 120.0]


def test_time_in_which_the_camera_itself_was_stopped_does_not_count() -> None:
    stream = Stream()
    stream.answered_after(0.1)
    sent = stream.now
    assert stream.silence.tick(now=sent + 60.0, owed_since=sent) is Step.WAIT
    assert stream.silence.seconds <= 2 * TICK_S
