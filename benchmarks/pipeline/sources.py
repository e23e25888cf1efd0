"""What played cameras send: whole pictures, strips as a camera's encoder made them, or live work.

Cutting strips of a full picture costs a camera's own core some milliseconds, so hundreds of played
cameras replay what one encoder made; `Encoded` encodes as it goes, which a few can.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from benchmarks.pipeline.doubts import Doubts
from benchmarks.pipeline.scene import HEIGHT, SPOTS, WIDTH, Scene
from central.processor.decode import decode
from edge.encoder import Encoder, Send, SendSettings
from edge.frames import LIVE, CapturedFrame, EncodedFrame
from edge.gate import GateSettings
from edge.plan import CutPlan
from models.patches import Image

ALWAYS = GateSettings(threshold=0.0)
"""The change gate turned off: every region goes into every strip."""
DOUBTED = range(0, SPOTS, 9)
"""Places that the encoder is told are doubtful: as large a share as of the spots of real frames
(`python -m benchmarks strips`). Of `scene` half are doubtful, for its regions hold no cars; of
`parked` half as many as these, so that others are told, too."""


class Source(Protocol):
    """One played camera's pictures."""

    def begin(self, plan: CutPlan | None) -> None:
        """The processor told what to cut."""
        ...

    async def frame(self, sequence: int) -> EncodedFrame:
        """Return what is sent as `sequence`, captured now."""
        ...

    def answered(self, sequence: int, *, taken: bool, doubtful: Collection[int]) -> None:
        """The processor is done with it, and wants a better look at places."""
        ...


class Recording:
    """Strips that one encoder made of pictures of one view, one second apart.

    All cameras of a benchmark have the same regions, so that the first one's plan will do.
    """

    def __init__(self, scene: Scene, gate: GateSettings) -> None:
        self._scene = scene
        self._gate = gate
        self._strips: list[EncodedFrame] = []

    def strips(self, plan: CutPlan) -> Sequence[EncodedFrame]:
        """Return a strip for each picture, of a camera that has been sending for a while."""
        if not self._strips:
            encoder = Encoder(SendSettings(send=Send.STRIPS, private=True, gate=self._gate))
            encoder.begin(plan)
            doubts = Doubts(self._scene.camera, plan.plan_id, usual=DOUBTED)
            cycle = len(self._scene.jpegs)
            for number in range(2 * cycle):
                jpeg = self._scene.jpegs[number % cycle]
                picture = decode(jpeg, width=WIDTH, height=HEIGHT)
                assert isinstance(picture, np.ndarray)
                captured = CapturedFrame(picture, number, LIVE)
                strip = encoder.encode(captured, sequence=number, now=float(number))
                assert strip is not None
                encoder.answered(number, taken=True, doubtful=doubts.after(strip, number))
                self._strips.append(strip)
            del self._strips[:cycle]
        return self._strips

    @property
    def regions_a_strip(self) -> float:
        """How many regions a strip holds, on average."""
        held = [len(strip.cut.places) for strip in self._strips if strip.cut is not None]
        return sum(held) / max(1, len(held))


class Strips:
    """Replays a recording from a place of its own in it, so that cameras do not keep step."""

    def __init__(self, recording: Recording, number: int) -> None:
        self._recording = recording
        self._number = number
        self._plan: CutPlan | None = None

    def begin(self, plan: CutPlan | None) -> None:
        assert plan is not None, "a processor gives who cuts strips a plan"
        self._plan = plan
        self._recording.strips(plan)

    async def frame(self, sequence: int) -> EncodedFrame:
        assert self._plan is not None
        strips = self._recording.strips(self._plan)
        strip = strips[(sequence + self._number) % len(strips)]
        assert strip.cut is not None
        cut = replace(strip.cut, plan_id=self._plan.plan_id)
        return replace(strip, cut=cut, captured_at_us=now_us())

    def answered(self, sequence: int, *, taken: bool, doubtful: Collection[int]) -> None:
        pass


class Frames:
    """Whole pictures, in turns, from a place of its own among them."""

    def __init__(self, jpegs: Sequence[bytes], number: int) -> None:
        self._jpegs = jpegs
        self._number = number

    def begin(self, plan: CutPlan | None) -> None:
        pass

    async def frame(self, sequence: int) -> EncodedFrame:
        jpeg = self._jpegs[(sequence + self._number) % len(self._jpegs)]
        return EncodedFrame(jpeg, WIDTH, HEIGHT, now_us(), LIVE)

    def answered(self, sequence: int, *, taken: bool, doubtful: Collection[int]) -> None:
        pass


class Encoded:
    """Encodes as a camera node does, in a thread; the picture is another every `every` frames."""

    def __init__(self, pictures: Sequence[Image], number: int, *, every: int) -> None:
        self._pictures = pictures
        self._number = number
        self._every = every
        self._encoder = Encoder(SendSettings())

    def begin(self, plan: CutPlan | None) -> None:
        self._encoder.begin(plan)

    async def frame(self, sequence: int) -> EncodedFrame:
        at = (sequence + self._number) // self._every % len(self._pictures)
        captured = CapturedFrame(self._pictures[at], now_us(), LIVE)
        frame = await asyncio.to_thread(
            self._encoder.encode, captured, sequence=sequence, now=time.monotonic()
        )
        assert frame is not None
        return frame

    def answered(self, sequence: int, *, taken: bool, doubtful: Collection[int]) -> None:
        self._encoder.answered(sequence, taken=taken, doubtful=doubtful)


def now_us() -> int:
    """Return the wall clock, microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000
