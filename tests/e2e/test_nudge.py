"""A camera is knocked: its spots become unknown; with --realign its regions follow."""

import asyncio
import itertools
from pathlib import Path

import numpy as np

from central.layout.document import Layout
from central.ledger.records import CameraCondition, LotState, Occupancy
from tests.e2e.faulty import LOOKED, logged
from tests.e2e.test_strips import CLIP, WAIT_S, World, lot, world
from tests.edge.http_camera import HttpCamera
from tests.edge.pictures import jpeg, noisy
from tests.edge.views import nudged, picture

SHIFT_PX = 24.0  # of a picture 1920 wide


class Mast:
    """What is seen from a mast; `knock` moves the camera."""

    def __init__(self) -> None:
        still = picture(CLIP.replace("-", "_"), second=1.0)
        moved, _ = nudged(still, right=SHIFT_PX)
        # A sensor's noise: the same picture again and again would count as frozen.
        self._still, self._moved = (
            [jpeg(noisy(image, seed=seed)) for seed in range(8)] for image in (still, moved)
        )
        self._pictures = itertools.cycle(self._still)

    def knock(self) -> None:
        self._pictures = itertools.cycle(self._moved)

    def jpeg(self) -> bytes:
        return next(self._pictures)


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
    mast = Mast()
    left, followed = lot("left"), lot("followed")
    with HttpCamera(mast.jpeg, fps=4.0) as source:
        found = await knocked(tmp_path, mast, source.url, left, followed)
    assert found.layout is not None
    (camera,) = found.layout.cameras
    old = np.array([region.corners for region in followed.cameras[0].regions])
    new = np.array([region.corners for region in camera.regions])
    step = (new - old) * (1920 / 1e6, 1080 / 1e6)
    assert np.abs(step - (SHIFT_PX, 0.0)).max() < 4.0


async def knocked(
    directory: Path, mast: Mast, url: str, left: Layout, followed: Layout
) -> LotState:
    """Knock the cameras of both lots once they have looked; return the one that was realigned."""
    options = ("--fps", "2", "--nudge-every", "0.5", "--log-level", "debug")
    async with world(directory, left, followed) as running:
        await running.camera("left", *options, url=url)
        await running.camera("followed", *options, "--realign", "--private", url=url)
        for camera_id in ("left", "followed"):
            await logged(directory / f"{camera_id}.log", LOOKED)
        mast.knock()
        detail = await until_nudged(running, "left")
        assert "px of a picture 1920 wide" in detail
        found = await until_version(running, "followed", 2)
        # The camera that was left as it is has no spot of which anything is known.
        spots = (await state(running, "left")).spots
        assert {spot.occupancy for spot in spots} == {Occupancy.UNKNOWN}
        await running.known("followed", spots=len(followed.spots))
    return found
