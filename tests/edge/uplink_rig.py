"""An uplink to fake processors, for tests."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from edge.conditions import Conditions
from edge.encoder import Encoder, SendSettings
from edge.frames import CapturedFrame, EncodedFrame, Image
from edge.homing import Homing
from edge.outbox import Outbox
from edge.session import Limits
from edge.uplink import Uplink
from edge.wire import Hello
from node.address import Address
from node.backoff import Backoff
from tests.edge.fake_processor import DEADLINE_S, FakeProcessor
from tests.edge.videos import numbered_image

HELLO = Hello("north", "0123456789abcdef", 2.0, "file", "0.1.0")
NOBODY = Address("127.0.0.1", 9)


class SizedEncoder(Encoder):
    """The 'JPEG' is as many bytes as the frame's position says."""

    def encode(
        self, frame: CapturedFrame, *, sequence: int, now: float, distrusted: bool = False
    ) -> EncodedFrame:
        jpeg = b"x" * frame.position_us
        return EncodedFrame(jpeg, 64, 48, frame.captured_at_us, frame.position_us)


class CountingBackoff(Backoff):
    """Short delays, and a way to wait until some rounds have failed."""

    def __init__(self) -> None:
        super().__init__(first=0.01, limit=0.02, floor=0.005, rng=random.Random(1))
        self.five_rounds_failed = asyncio.Event()

    def next_delay(self) -> float:
        delay = super().next_delay()
        if self.attempts == 5:
            self.five_rounds_failed.set()
        return delay


class Rig:
    """An uplink in a task of its own, and a source that the test plays."""

    def __init__(
        self,
        *processors: Address,
        limits: Limits | None = None,
        homing: Homing | None = None,
        encoder: Encoder | None = None,
    ) -> None:
        self.outbox: Outbox[CapturedFrame] = Outbox()
        self.conditions = Conditions(now_us=0)
        self.backoff = CountingBackoff()
        self.uplink = Uplink(
            HELLO,
            processors,
            outbox=self.outbox,
            conditions=self.conditions,
            encoder=encoder or SizedEncoder(SendSettings()),
            backoff=self.backoff,
            limits=limits,
            homing=homing,
        )
        self.task = asyncio.create_task(self.uplink.run())

    def capture(self, *, size: int = 10, image: Image | None = None) -> int:
        shown = numbered_image(0) if image is None else image
        sequence = self.outbox.capture(CapturedFrame(shown, 1000, size))
        self.uplink.frame_waiting()
        return sequence

    async def finish(self) -> None:
        self.uplink.drain()
        await self.end()

    async def end(self) -> None:
        async with asyncio.timeout(DEADLINE_S):
            await self.task

    async def until_sent(self, frames: int) -> None:
        """Wait until so many frames have left, whoever took them."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                if self.outbox.counts.sent >= frames:
                    return
                await asyncio.sleep(0.005)

    async def capture_until(self, processor: FakeProcessor, frames: int) -> None:
        """Capture one frame after another, each acked before the next, until so many arrived."""
        while len(processor.received) < frames:
            before = len(processor.received)
            self.capture()
            await processor.until(lambda before=before: len(processor.received) > before)  # type: ignore[misc]
            await processor.until(lambda: not processor.unacked)


@asynccontextmanager
async def rig(
    *processors: Address,
    limits: Limits | None = None,
    homing: Homing | None = None,
    encoder: Encoder | None = None,
) -> AsyncIterator[Rig]:
    made = Rig(*processors, limits=limits, homing=homing, encoder=encoder)
    try:
        yield made
    finally:
        made.task.cancel()
        await asyncio.gather(made.task, return_exceptions=True)


def sequences(processor: FakeProcessor) -> list[int]:
    return [frame.sequence for frame in processor.frames]
