import logging
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.capture import VideoReader
from edge.frames import LIVE, CapturedFrame
from edge.grabber import Clock, Grabber
from edge.reader import Reader, SourceUnavailable
from edge.source import Source, SourceKind, parse_source
from node.backoff import Backoff
from tests.edge.fake_reader import FakeOpener, FakeReader
from tests.edge.fake_rtsp import FakeRtspCamera
from tests.edge.videos import make_video, number_of

DEADLINE_S = 60.0
WEBCAM = Source(SourceKind.WEBCAM, "0", "webcam 0")


class Catcher:
    """Receives what a grabber gives and lets the test wait for it."""

    def __init__(self) -> None:
        self.frames: list[CapturedFrame] = []
        self.ends: list[BaseException | None] = []
        self._changed = threading.Condition()

    def deliver(self, frame: CapturedFrame) -> None:
        with self._changed:
            self.frames.append(frame)
            self._changed.notify_all()

    def ended(self, error: BaseException | None) -> None:
        with self._changed:
            self.ends.append(error)
            self._changed.notify_all()

    def until(self, reached: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(reached, DEADLINE_S)

    @property
    def seen(self) -> list[tuple[int, int]]:
        return [(frame.position_us, number_of(frame.image)) for frame in self.frames]


class PatientClock(Clock):
    """Time that passes only by waiting for it."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> float:
        return self.seconds

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        self.seconds += seconds
        return stop.is_set()


def grabber(
    source: Source,
    catcher: Catcher,
    *,
    open_reader: Callable[[Source], Reader] = VideoReader.open,
    fps: float = 50.0,
    speed: float = 1.0,
    loop: bool = False,
    clock: Clock | None = None,
) -> Grabber:
    return Grabber(
        source,
        fps=fps,
        speed=speed,
        loop=loop,
        open_reader=open_reader,
        deliver=catcher.deliver,
        ended=catcher.ended,
        backoff=Backoff(first=0.001, limit=0.002, floor=0.001, rng=random.Random(1)),
        clock=clock,
    )


def test_a_slow_file_gives_every_frame_once_and_then_ends(tmp_path: Path) -> None:
    catcher = Catcher()
    source = make_video(tmp_path / "stills.mp4", frames=8, fps=1.0, codec="mp4v")
    clock = PatientClock()
    grabber(source, catcher, fps=1.0, clock=clock).start()
    catcher.until(lambda: bool(catcher.ends))
    assert clock.seconds == pytest.approx(1007.0)
    assert catcher.ends == [None]
    assert catcher.seen == [(n * 1_000_000, n) for n in range(8)]
    times = [frame.captured_at_us for frame in catcher.frames]
    assert times == sorted(times)


def test_of_a_fast_file_the_asked_rate_is_picked_by_its_own_time(tmp_path: Path) -> None:
    catcher = Catcher()
    source = make_video(tmp_path / "a.avi", frames=21, fps=40.0)
    clock = PatientClock()
    grabber(source, catcher, fps=10.0, speed=2.0, clock=clock).start()
    catcher.until(lambda: bool(catcher.ends))
    assert catcher.seen == [(n * 25_000, n) for n in (0, 8, 16)]
    assert clock.seconds == pytest.approx(1000.25)


def test_a_loop_starts_over_at_zero(tmp_path: Path) -> None:
    catcher = Catcher()
    source = make_video(tmp_path / "a.avi", frames=3, fps=30.0)
    running = grabber(source, catcher, loop=True, clock=PatientClock())
    running.start()
    catcher.until(lambda: len(catcher.frames) >= 7)
    running.stop()
    assert running.join(DEADLINE_S)
    assert catcher.ends == []
    assert [number for _, number in catcher.seen[:7]] == [0, 1, 2, 0, 1, 2, 0]
    assert catcher.frames[3].position_us == 0


def test_a_file_that_vanishes_in_a_loop_is_an_error(tmp_path: Path) -> None:
    catcher = Catcher()
    source = parse_source(str(Path(__file__)))
    opener = FakeOpener([FakeReader(frames=2), None])
    grabber(source, catcher, open_reader=opener, loop=True).start()
    catcher.until(lambda: bool(catcher.ends))
    assert isinstance(catcher.ends[0], SourceUnavailable)


def test_a_file_without_frames_is_an_error_not_a_busy_loop() -> None:
    catcher = Catcher()
    source = parse_source(str(Path(__file__)))
    grabber(source, catcher, open_reader=FakeOpener([FakeReader(frames=0)]), loop=True).start()
    catcher.until(lambda: bool(catcher.ends))
    assert "no longer has any frame" in str(catcher.ends[0])


def test_a_live_source_is_opened_again_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    catcher, blocked = Catcher(), threading.Event()
    lost = FakeReader(frames=1, interval_s=0.0)
    last = FakeReader(frames=1, interval_s=0.0, blocks=blocked)
    opener = FakeOpener([None, None, lost, None, last])
    running = grabber(WEBCAM, catcher, open_reader=opener)
    running.start()
    assert last.at_end.wait(DEADLINE_S)
    assert not running.join(0.0)
    running.stop()
    blocked.set()
    assert running.join(DEADLINE_S)
    assert (lost.released, last.released) == (True, True)
    assert {frame.position_us for frame in catcher.frames} == {LIVE}
    assert [record.getMessage() for record in caplog.records] == [
        "webcam 0 cannot be opened; trying again until it can",
        "capturing source=webcam 0",
        "webcam 0 gives no frames; opening it again",
        "webcam 0 cannot be opened; trying again until it can",
        "capturing source=webcam 0",
    ]


def test_a_bug_in_the_thread_surfaces() -> None:
    catcher = Catcher()

    def broken(_source: Source) -> Reader:
        raise ZeroDivisionError

    grabber(WEBCAM, catcher, open_reader=broken).start()
    catcher.until(lambda: bool(catcher.ends))
    assert isinstance(catcher.ends[0], ZeroDivisionError)


def test_stopping_ends_a_wait_for_the_next_frame(tmp_path: Path) -> None:
    catcher = Catcher()
    source = make_video(tmp_path / "stills.avi", frames=2, fps=0.05)
    running = grabber(source, catcher)
    running.start()
    catcher.until(lambda: len(catcher.frames) == 1)
    running.stop()
    assert running.join(DEADLINE_S / 6)  # the next frame is due after twice that


def test_a_network_camera_is_watched_over_tcp_without_lag_and_again_after_it_hung_up() -> None:
    catcher = Catcher()
    with FakeRtspCamera(fps=20.0) as camera:
        source = parse_source(camera.url)
        running = grabber(source, catcher, fps=20.0)
        running.start()
        catcher.until(lambda: len(catcher.frames) >= 3)
        # Opening takes a second, in which 20 frames pile up: lag like that would stay.
        catcher.until(lambda: (camera.sent - number_of(catcher.frames[-1].image)) % 25 < 10)
        camera.hang_up()
        seen = len(catcher.frames)
        catcher.until(lambda: camera.plays == 2 and len(catcher.frames) >= seen + 3)
        running.stop()
        assert running.join(DEADLINE_S)
    assert all(transport.startswith("RTP/AVP/TCP") for transport in camera.transports)
