"""The grab thread: keeps up with the source and hands over the frames worth sending.

Every frame is grabbed (a stream that is not read lags, a second a second), only those that
are sent are retrieved. Files play at their own pace and end; live sources are opened again
for ever.
"""

import logging
import threading
import time
from collections.abc import Callable

from edge.complaints import Complaints
from edge.frames import LIVE, CapturedFrame
from edge.lag import Lag
from edge.pacing import Backlog, FilePacer, IntervalEstimate, RateGate
from edge.reader import Reader, SourceUnavailable
from edge.source import Source
from node.backoff import Backoff

logger = logging.getLogger(__name__)

# A connection that lasted this long was a good one: the next loss starts with short delays.
_STABLE_S = 10.0
# A source whose pictures are this much further apart than asked for cannot give what was asked.
_SLOW = 1.5


class Clock:
    """The thread's time; tests bring one that does not wait."""

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait so long or until `stop`; True if it was `stop`."""
        return stop.wait(seconds)


class Grabber:
    """One thread round one source. `deliver` and `ended` are called in that thread.

    ended(None): a file came to its end. ended(error): the source is lost for good, or a bug.
    Neither is called after stop().
    """

    def __init__(
        self,
        source: Source,
        *,
        fps: float,
        speed: float,
        loop: bool,
        open_reader: Callable[[Source], Reader],
        deliver: Callable[[CapturedFrame], None],
        ended: Callable[[BaseException | None], None],
        backoff: Backoff,
        clock: Clock | None = None,
    ) -> None:
        self._source = source
        self._speed = speed
        self._loop = loop
        self._open_reader = open_reader
        self._deliver = deliver
        self._ended = ended
        self._backoff = backoff
        self._clock = clock or Clock()
        self._gate = RateGate(fps)
        self._complaints = Complaints()
        self._stop = threading.Event()
        self._reader: Reader | None = None
        self._slow = False  # the source's pictures come more rarely than asked for
        self.trouble = ""
        """Why there are no frames, one line; empty while there are. Read from any thread."""
        # A daemon, as a grab may block for its whole time-out and must not keep the process.
        self._thread = threading.Thread(target=self._run, name="grab", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; it does at the next frame or wait."""
        self._stop.set()
        if (reader := self._reader) is not None:
            reader.interrupt()

    def join(self, timeout: float) -> bool:
        """Wait for the end; False if the thread is still in a grab or an open."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            if self._source.live:
                self._follow()
            else:
                self._play()
        except BaseException as caught:
            # Not swallowed: the event loop raises it where the command line sees it.
            error = caught
        if not self._stop.is_set():
            self._ended(error)

    def _play(self) -> None:
        pacer: FilePacer | None = None
        while not self._stop.is_set():
            reader = self._open_reader(self._source)
            try:
                pacer = pacer or FilePacer(
                    speed=self._speed,
                    interval_s=reader.interval_s,
                    patience_s=self._gate.period_s,
                )
                frames = self._play_once(reader, pacer)
            finally:
                reader.release()
            if not frames and not self._stop.is_set():
                raise SourceUnavailable(f"source '{self._source.name}' no longer has any frame")
            if not self._loop:
                return
            pacer.start_over()

    def _play_once(self, reader: Reader, pacer: FilePacer) -> int:
        frames = 0
        while not self._stop.is_set() and reader.grab():
            frames += 1
            position_us = reader.position_us()
            now = self._clock.now()
            placement = pacer.place(position_us, now=now)
            if placement.skip:
                continue
            if placement.due > now and self._clock.wait(self._stop, placement.due - now):
                break
            # By the due time, not the clock: which frames are sent does not depend on the load.
            if self._gate.admits(placement.due, interval_s=placement.interval_s):
                self._hand_over(reader, position_us=position_us)
        return frames

    def _follow(self) -> None:
        while not self._stop.is_set():
            opened_at = self._clock.now()
            try:
                reader = self._open_reader(self._source)
            except SourceUnavailable as error:
                self._complain(f"{error}; trying again until it can")
            else:
                self._reader = reader
                try:
                    self._follow_once(reader)
                finally:
                    self._reader = None
                    reader.release()
                if self._clock.now() - opened_at > _STABLE_S:
                    self._backoff.reset()
            self._clock.wait(self._stop, self._backoff.next_delay())

    def _follow_once(self, reader: Reader) -> None:
        spacing, lag = IntervalEstimate(reader.interval_s), Lag()
        backlog = Backlog(reader.interval_s) if reader.piles_up else None
        capturing = False
        last = self._clock.now()
        while not self._stop.is_set() and reader.grab():
            now = self._clock.now()
            lag_s = lag.observe(reader.position_us() / 1e6, now=now)
            stale = backlog is not None and backlog.is_stale(now - last)
            last = now
            if stale:
                continue
            if not capturing:
                self._complaints.settle(self._source)
                logger.info("capturing source=%s", self._source.name)
                capturing, self.trouble = True, ""
            interval_s = spacing.observe(now)
            if self._gate.admits(now, interval_s=interval_s):
                self._note_pace(interval_s)
                self._hand_over(reader, position_us=LIVE, lag_s=lag_s)
                last = self._clock.now()
        if not self._stop.is_set():
            self._complain(f"{self._source.name} gives no frames; opening it again")

    def _hand_over(self, reader: Reader, *, position_us: int, lag_s: float = 0.0) -> None:
        grabbed_at = time.monotonic()
        captured_at_us = reader.captured_at_us()
        if captured_at_us is None:
            captured_at_us = time.time_ns() // 1000 - round(lag_s * 1e6)
        image = reader.retrieve()
        if image is not None and not self._stop.is_set():
            self._deliver(
                CapturedFrame(image, captured_at_us, position_us, grabbed_at, time.monotonic())
            )

    def _note_pace(self, interval_s: float) -> None:
        slow = interval_s > _SLOW * self._gate.period_s
        if slow and not self._slow:
            logger.warning(
                "%s gives a picture every %.1f s, where --fps asks for one every %.1f s: "
                "all of them are sent; lower --fps, so that gaps are not taken for a loss",
                self._source.name,
                interval_s,
                self._gate.period_s,
            )
        self._slow = slow

    def _complain(self, text: str) -> None:
        self.trouble = text
        if self._complaints.is_news(self._source, text, now=self._clock.now()):
            logger.warning("%s", text)
