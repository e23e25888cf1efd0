"""One asyncio process that plays many cameras over gRPC, on the camera node's own wire."""

import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import grpc.aio
import psutil

from benchmarks.pipeline.paced import PHASE
from benchmarks.pipeline.served import READY_S, Served, patches
from benchmarks.pipeline.sources import Source
from edge import wire
from edge.plan import CutPlan
from node.address import Address
from node.errors import OperationError

_BOOT = "00000000000000b1"
_CONNECTING = 16  # cameras at a time


@dataclass
class Load:
    """What became of the frames that were due while it was counted."""

    classified: int = 0
    refused: int = 0  # acked, but not as classified: overloaded, superseded by a newer one
    dropped: int = 0  # not sent, as the processor still owed answers to all that it may hold
    seconds: list[float] = field(default_factory=list)  # from sending a frame to its answer
    late: list[float] = field(default_factory=list)  # seconds: how late we were ourselves
    cpu_s: float = 0.0  # of the processor
    outside_s: float = 0.0  # of that, what all its threads took but the busiest, a worker
    elsewhere_s: float = 0.0  # CPU of this benchmark, which plays the cameras, and of replicas
    wall_s: float = 0.0
    patches: int = 0  # that the processor classified; the others of its frames it reused
    resident: int = 0  # bytes of the processor's memory at the end
    each: list[int] = field(default_factory=list)  # classified, by camera

    @property
    def lost(self) -> int:
        """Frames that were due and not classified."""
        return self.refused + self.dropped

    @property
    def evenness(self) -> float | None:
        """Jain's index (DEC-TR-301, 1984) over cameras: 1 if all had as many frames classified."""
        squares = sum(count * count for count in self.each)
        return sum(self.each) ** 2 / (len(self.each) * squares) if squares else None


def camera_id(number: int) -> str:
    """Return how the benchmark names a camera."""
    return f"camera-{number:03d}"


class PlayedCamera:
    """One stream: `connect`, then `play` until cancelled."""

    def __init__(self, number: int, source: Source, *, cuts_strips: bool) -> None:
        self.load = Load()
        self._number = number
        self._source = source
        self._cuts_strips = cuts_strips
        self._in_flight: dict[int, float] = {}
        self._answered = asyncio.Event()

    async def connect(self, listen: Address, *, rate: float) -> None:
        """Open the stream, again and again until the processor knows the camera."""
        self._channel = grpc.aio.insecure_channel(str(listen), options=wire.CHANNEL_OPTIONS)
        hello = wire.Hello(
            camera_id(self._number), _BOOT, rate, "benchmark", "0", cuts_strips=self._cuts_strips
        )
        deadline = time.monotonic() + READY_S
        while True:
            self._call = wire.open_stream(self._channel, listen.host)
            try:
                await wire.write_hello(self._call, hello)
                welcome = await wire.read_welcome(self._call)
                if welcome is not None and (welcome.plan is not None or not self._cuts_strips):
                    break
                reason = "it tells nothing to cut"
            except (wire.StreamFailed, wire.CannotWrite) as error:
                reason = str(error)  # it has not read the layouts yet
            self._call.cancel()
            if time.monotonic() > deadline:
                name = camera_id(self._number)
                raise OperationError(f"the processor does not take {name}: {reason}")
            await asyncio.sleep(0.3)
        self._credits = welcome.credit
        self._source.begin(welcome.plan)

    async def close(self) -> None:
        """End the stream, whatever is in flight."""
        await self._channel.close()

    async def play(self, *, rate: float | None) -> None:
        """Send `rate` frames a second, None: as many as are answered; raises OperationError."""
        reading = asyncio.create_task(self._read())
        try:
            await self._send(reading, rate)
        except (wire.CannotWrite, wire.StreamFailed) as error:
            raise OperationError(f"the processor ended a stream: {error}") from error
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _send(self, reading: asyncio.Task[None], rate: float | None) -> None:
        due = time.monotonic() + (self._number * PHASE % 1.0) / (rate or 1.0)
        for sequence in itertools.count(1):
            if rate is None:
                await self._room(reading)
                due = time.monotonic()
            else:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            if reading.done():
                reading.result()
            if len(self._in_flight) >= self._credits:
                self.load.dropped += 1
            else:
                self.load.late.append(time.monotonic() - due)
                frame = await self._source.frame(sequence)
                self._in_flight[sequence] = time.monotonic()
                dropped = self.load.dropped
                await wire.write_frame(self._call, frame, sequence=sequence, dropped_total=dropped)
            due += 1 / (rate or 1.0)

    async def _room(self, reading: asyncio.Task[None]) -> None:
        # One at a time: of two that wait for a worker the older is shed, at once, so that a camera
        # with all its credits would do nothing but send frames that nobody looks at.
        while self._in_flight and not reading.done():
            self._answered.clear()
            await self._answered.wait()

    async def _read(self) -> None:
        try:
            while (answer := await wire.read_answer(self._call)) is not None:
                if isinstance(answer, CutPlan):
                    self._source.begin(answer)
                    continue
                sent = self._in_flight.pop(answer.sequence)
                self._source.answered(answer.sequence, taken=answer.taken, doubtful=answer.doubtful)
                self.load.seconds.append(time.monotonic() - sent)
                if answer.taken:
                    self.load.classified += 1
                else:
                    self.load.refused += 1
                self._answered.set()
            raise OperationError("the processor ended a stream")
        finally:
            self._answered.set()


@dataclass(frozen=True)
class _Used:
    """CPU seconds so far: of the processor, of each of its threads, of what serves to load it."""

    processor_s: float
    threads: Mapping[int, float]
    elsewhere_s: float
    patches: int  # classified so far


def _used(served: Served) -> _Used:
    threads = {one.id: one.user_time + one.system_time for one in served.processor.threads()}
    others = (psutil.Process(), *served.replicas)
    return _Used(
        sum(served.processor.cpu_times()[:2]),
        threads,
        sum(sum(process.cpu_times()[:2]) for process in others),
        patches(served)["classified"],
    )


class Fleet:
    """Cameras that play at the same time; an `async with` connects and plays them."""

    def __init__(
        self,
        served: Served,
        sources: Sequence[Source],
        *,
        rate: float | None,
        cuts_strips: bool = False,
    ) -> None:
        self._served = served
        self._rate = rate
        self._cameras = [
            PlayedCamera(number, source, cuts_strips=cuts_strips)
            for number, source in enumerate(sources)
        ]
        self._turns = asyncio.Semaphore(_CONNECTING)

    async def __aenter__(self) -> "Fleet":
        await asyncio.gather(*(self._connect(camera) for camera in self._cameras))
        self._playing = asyncio.gather(*(one.play(rate=self._rate) for one in self._cameras))
        return self

    async def _connect(self, camera: PlayedCamera) -> None:
        async with self._turns:
            await camera.connect(self._served.listen, rate=self._rate or 0.0)

    async def __aexit__(self, *_: object) -> None:
        self._playing.cancel()
        await asyncio.gather(self._playing, return_exceptions=True)
        await asyncio.gather(*(camera.close() for camera in self._cameras))

    async def count(self, seconds: float) -> Load:
        """Return what becomes of frames in the next seconds; raises OperationError."""
        before = await asyncio.to_thread(_used, self._served)
        for camera in self._cameras:
            camera.load = Load()
        begin = time.monotonic()
        await self.wait(seconds)
        after = await asyncio.to_thread(_used, self._served)
        busiest_s = max(after.threads[id_] - before.threads.get(id_, 0.0) for id_ in after.threads)
        cpu_s = after.processor_s - before.processor_s
        total = Load(
            cpu_s=cpu_s,
            patches=after.patches - before.patches,
            outside_s=cpu_s - busiest_s,
            elsewhere_s=after.elsewhere_s - before.elsewhere_s,
            wall_s=time.monotonic() - begin,
            resident=self._served.processor.memory_info().rss,
        )
        for one in (camera.load for camera in self._cameras):
            total.classified += one.classified
            total.each.append(one.classified)
            total.refused += one.refused
            total.dropped += one.dropped
            total.seconds += one.seconds
            total.late += one.late
        return total

    async def wait(self, seconds: float) -> None:
        """Let them play; raises OperationError if a stream ends."""
        await asyncio.wait({self._playing}, timeout=seconds)
        if self._playing.done():
            self._playing.result()
