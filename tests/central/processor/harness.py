"""A lot that tests draw themselves, and a processor in this process to look at it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import cv2
import numpy as np

from central.layout.document import MILLION, Camera, Layout, Region, Spot
from central.ledger.interface import Ledger
from central.ledger.records import Occupancy
from central.processor.directory import DirectorySettings
from central.processor.evidence import EvidenceSettings
from central.processor.service import Processor
from central.processor.settings import ProcessorSettings, StreamLimits
from models.patches import Image
from node.address import Address
from tests.central.processor.fake_classifier import DEADLINE, BrightnessClassifier

SPOTS = ("A1", "A2", "A3", "A4")
WIDTH, HEIGHT = 320, 240


def region(number: int, *, shift: float = 0.0) -> Region:
    """The number-th spot's region: a tall box, one of four side by side."""
    left = int((0.05 + 0.24 * number + shift) * MILLION)
    right = left + int(0.18 * MILLION)
    top, bottom = int(0.3 * MILLION), int(0.7 * MILLION)
    return Region(SPOTS[number], ((left, top), (right, top), (right, bottom), (left, bottom)))


def layout(
    *cameras: str, lot_id: str = "north", spots: Sequence[int] = range(4), name: str = ""
) -> Layout:
    """A lot of four spots; each camera sees those whose numbers are given."""
    return Layout(
        lot_id=lot_id,
        name=name,
        spots=tuple(Spot(spot_id) for spot_id in SPOTS),
        cameras=tuple(
            Camera(camera_id, regions=tuple(region(number) for number in spots))
            for camera_id in cameras
        ),
    )


def picture(state: str, *, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """A JPEG of the lot: a letter a spot: o occupied, v vacant, u unsure."""
    done, encoded = cv2.imencode(".jpg", decoded_picture(state, width=width, height=height))
    assert done
    return encoded.tobytes()


def decoded_picture(state: str, *, width: int = WIDTH, height: int = HEIGHT) -> Image:
    """The same before it is a JPEG: (height, width, 3) uint8."""
    frame = np.full((height, width, 3), 90, dtype=np.uint8)
    for number, letter in enumerate(state):
        corners = np.array(region(number).polygon) * (width, height)
        (left, top), (right, bottom) = corners[0].astype(int), corners[2].astype(int)
        frame[top - 3 : bottom + 3, left - 3 : right + 3] = {"o": 240, "v": 10, "u": 128}[letter]
    return frame


def settings(
    processor_id: str = "p1",
    *,
    silent_after: float | None = None,
    max_cameras: int = 500,
    limits: StreamLimits | None = None,
) -> ProcessorSettings:
    """A processor's settings with short waits."""
    return ProcessorSettings(
        processor_id=processor_id,
        listen=Address("127.0.0.1", 0),
        # Two frames decide what is unknown, three change what is known: at a frame a second.
        evidence=EvidenceSettings(
            occupied_above=0.7,
            vacant_below=0.3,
            enter_seconds=2.3,
            leave_seconds=2.3,
            enter_confidence=0.8,
            leave_confidence=0.8,
            stay_confidence=0.8,  # the pictures of these tests stand still
        ),
        max_cameras=max_cameras,
        silent_after=silent_after,
        tick_seconds=0.01,
        flush_seconds=0.2,
        limits=limits or StreamLimits(),
        directory=DirectorySettings(refresh_seconds=3600.0, min_seconds=0.01),
    )


@asynccontextmanager
async def running(
    ledger: Ledger,
    configured: ProcessorSettings | None = None,
    *,
    ready: bool = True,
    classifier: BrightnessClassifier | None = None,
) -> AsyncIterator[Processor]:
    """A processor with a real gRPC server; ended in order on the way out.

    ready: wait until it has read the ledger.
    """
    processor = Processor(
        configured or settings(), classifier=classifier or BrightnessClassifier(), ledger=ledger
    )
    await processor.start()
    stop = asyncio.Event()
    task = asyncio.create_task(processor.run(stop))
    async with asyncio.timeout(DEADLINE):
        await processor.serving.wait()
        if ready:
            await processor.has_ledger.wait()
    try:
        yield processor
    finally:
        stop.set()
        async with asyncio.timeout(DEADLINE):
            await task


def states(letters: str) -> dict[str, Occupancy]:
    """Spell a view: o occupied, v vacant, u unknown."""
    meaning = {"o": Occupancy.OCCUPIED, "v": Occupancy.VACANT, "u": Occupancy.UNKNOWN}
    return {spot: meaning[letter] for spot, letter in zip(SPOTS, letters, strict=True)}
