"""The watch on real pictures: what it reports and what it proposes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from edge.conditions import Condition, Conditions
from edge.frames import CapturedFrame, Image
from edge.nudge import moved
from edge.nudge_judge import NudgeLimits
from edge.nudge_watch import NudgeWatch
from edge.plan import CutPlan
from edge.realign import Proposals
from edge.reference import add_look, masked_look, read_reference, write_reference
from models.patches import PatchSpec
from tests.edge.fake_processor import DEADLINE_S
from tests.edge.views import REGIONS, nudged, picture

REFERENCE = write_reference(add_look(None, masked_look(picture())))
PLAN = CutPlan(3, 1, PatchSpec(32, 0.25, 1.8), REGIONS, reference=REFERENCE)


@dataclass
class Node:
    """What a camera node has round the watch."""

    plan: CutPlan = PLAN
    conditions: Conditions = field(default_factory=lambda: Conditions(now_us=0))
    proposals: Proposals = field(default_factory=Proposals)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    frames: int = 0

    async def show(self, watch: NudgeWatch, image: Image) -> Condition:
        """Show the image until the condition changes; return it."""
        self.changed.clear()
        async with asyncio.timeout(3 * DEADLINE_S):
            while not self.changed.is_set():
                self.frames += 1
                watch.inspect(CapturedFrame(image, self.frames * 1000, self.frames))
                await asyncio.wait({asyncio.create_task(self.changed.wait())}, timeout=0.02)
        return self.conditions.report.condition


@asynccontextmanager
async def watching(node: Node, *, realign: bool = False) -> AsyncIterator[NudgeWatch]:
    watch = NudgeWatch(
        node.conditions,
        NudgeLimits(shift_px=6.0, every_s=0.01),
        plan=lambda: node.plan,
        on_change=node.changed.set,
        proposals=node.proposals if realign else None,
    )
    try:
        yield watch
    finally:
        await watch.close()


async def test_a_nudge_is_reported_and_is_over_when_the_camera_is_put_back() -> None:
    node = Node()
    async with watching(node) as watch:
        image, _ = nudged(picture(second=20.0), right=12.0)
        assert await node.show(watch, image) is Condition.NUDGED
        assert "12 px of a picture 1920 wide" in node.conditions.report.detail
        assert await node.show(watch, picture(second=20.0)) is Condition.OK
    assert node.proposals.take() is None, "nobody asked for one"


async def test_new_regions_end_it() -> None:
    node = Node()
    async with watching(node) as watch:
        image, _ = nudged(picture(), right=12.0)
        assert await node.show(watch, image) is Condition.NUDGED
        node.plan = replace(
            PLAN, plan_id=4, reference=write_reference(add_look(None, masked_look(image)))
        )
        assert await node.show(watch, image) is Condition.OK


async def test_a_proposal_puts_regions_and_reference_where_they_belong() -> None:
    node = Node()
    async with watching(node, realign=True) as watch:
        image, truth = nudged(picture(second=20.0), right=-14.0, down=9.0, turn=0.4)
        assert await node.show(watch, image) is Condition.NUDGED
        proposal = node.proposals.take()
        assert proposal is not None
        assert proposal.plan_id == 3
        measured = np.array(proposal.homography).reshape(3, 3)
        corners = np.array([corner for region in REGIONS for corner in region])
        error = (moved(measured, corners) - moved(truth, corners)) * (1920, 1080)
        assert np.abs(error).max() < 3
        # With what it proposed, the camera sees that all is in its place.
        regions = tuple(
            tuple((float(x), float(y)) for x, y in moved(measured, np.array(region)))
            for region in REGIONS
        )
        node.plan = replace(PLAN, plan_id=4, regions=regions, reference=proposal.reference)
        assert await node.show(watch, image) is Condition.OK
        assert read_reference(proposal.reference).looks[0].any()
        back = await node.show(watch, picture(second=20.0))  # and when it is put back
        assert back is Condition.NUDGED


async def test_a_reference_that_cannot_be_read_is_said_and_done_without(
    caplog: pytest.LogCaptureFixture,
) -> None:
    node = Node(plan=replace(PLAN, reference=b"a drawing"))
    async with watching(node) as watch:
        for _ in range(3):  # which the first picture then serves as
            watch.inspect(CapturedFrame(picture(), 1, 1))
            await asyncio.sleep(0)
        assert watch._looking is not None
        await watch._looking
        image, _ = nudged(picture(), down=15.0)
        assert await node.show(watch, image) is Condition.NUDGED
    assert "reference of this camera cannot be used: 9 bytes do not begin" in caplog.text
