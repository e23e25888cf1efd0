"""A camera is knocked: its spots become unknown; with --realign its regions follow."""

import asyncio
from pathlib import Path

import cv2
import numpy as np

from central.ledger.records import CameraCondition, LotState, Occupancy
from tests.e2e.test_strips import CLIP, WAIT_S, World, lot, world
from tests.edge.views import nudged, picture

SHIFT_PX = 24.0  # of a picture 1920 wide


def knocked_clip(path: Path) -> Path:
    """Write a clip whose camera is knocked after five seconds: two frames a second."""
    still = picture(CLIP.replace("-", "_"), second=1.0)
    moved, _ = nudged(still, right=SHIFT_PX)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 2.0, (1280, 720))
    assert writer.isOpened()
    for image in (*[still] * 10, *[moved] * 150):
        writer.write(image)
    writer.release()
    return path


async def state(running: World, lot_id: str) -> LotState:
    found = (await running.ledger.get((lot_id,), with_layouts=True, timeout=WAIT_S)).lot(lot_id)
    assert found is not None
    return found


async def until_nudged(running: World, lot_id: str) -> str:
    """Return what is said of the lot's camera once it counts as nudged."""
    async with asyncio.timeout(WAIT_S):
        while True:
            (camera,) = (await state(running, lot_id)).cameras
            if camera.condition is CameraCondition.NUDGED:
                return camera.detail
            await asyncio.sleep(0.2)


async def until_version(running: World, lot_id: str, version: int) -> LotState:
    """Return the lot once its layout has that version."""
    async with asyncio.timeout(WAIT_S):
        while True:
            found = await state(running, lot_id)
            if found.layout_version >= version:
                return found
            await asyncio.sleep(0.2)


async def test_a_knock_is_told_and_realigned_where_asked(tmp_path: Path) -> None:
    clip = str(knocked_clip(tmp_path / "knocked.avi"))
    options = ("--source", clip, "--fps", "2", "--speed", "1", "--nudge-every", "0.5")
    left, followed = lot("left"), lot("followed")
    async with world(tmp_path, left, followed) as running:
        await running.camera("left", *options)
        await running.camera("followed", *options, "--realign", "--private")
        detail = await until_nudged(running, "left")
        assert "px of a picture 1920 wide" in detail
        found = await until_version(running, "followed", 2)
        # The camera that was left as it is has no spot of which anything is known.
        spots = (await state(running, "left")).spots
        assert {spot.occupancy for spot in spots} == {Occupancy.UNKNOWN}
        await running.known("followed", spots=len(followed.spots))
    assert found.layout is not None
    (camera,) = found.layout.cameras
    old = np.array([region.corners for region in followed.cameras[0].regions])
    new = np.array([region.corners for region in camera.regions])
    step = (new - old) * (1920 / 1e6, 1080 / 1e6)
    assert np.abs(step - (SHIFT_PX, 0.0)).max() < 4.0
