from dataclasses import replace

import numpy as np
import pytest

from central.layout.document import Camera, Mask
from central.processor.realign import Proposal, Unfit, commit_realigned, realigned
from protos import video_stream_pb2 as wire
from tests.central.processor.fake_camera import FakeCamera, corners_of
from tests.central.processor.fake_ledger import FakeLedger
from tests.central.processor.harness import layout, region, running

STILL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def shift(right: float = 0.0, down: float = 0.0, *, plan_id: int = 1) -> Proposal:
    return Proposal(plan_id, (1.0, 0.0, right, 0.0, 1.0, down, 0.0, 0.0, 1.0), b"new")


MASK = Mask(((0, 0), (1_000_000, 0), (1_000_000, 100_000), (0, 100_000)))
CAMERA = Camera("cam1", regions=(region(0), region(1)), masks=(MASK,), reference=b"old")


def test_regions_masks_and_reference_move_together() -> None:
    found = realigned(CAMERA, shift(0.01, 0.02))
    for new, old in zip(found.regions, CAMERA.regions, strict=True):
        assert new.spot_id == old.spot_id
        assert np.array_equal(np.array(new.corners) - old.corners, [[10_000, 20_000]] * 4)
    # A mask's corner on the picture's edge stays there.
    assert found.masks[0].corners == ((0, 0), (1_000_000, 0), (1_000_000, 120_000), (0, 120_000))
    assert found.reference == b"new"


def test_a_camera_without_reference_gets_none() -> None:
    assert realigned(replace(CAMERA, reference=b""), shift(0.01)).reference == b""


@pytest.mark.parametrize(
    ("proposal", "said"),
    [
        (shift(-0.06), "'A1' would lie partly outside"),
        (shift(0.2), "A1 would move by more than 10%"),
        (Proposal(1, STILL[:8], b""), "not nine finite numbers"),
        (Proposal(1, (*STILL[:8], float("nan")), b""), "not nine finite numbers"),
        (Proposal(1, (*STILL[:8], -1.0), b""), "behind the camera"),
    ],
)
def test_what_does_not_fit_is_refused(proposal: Proposal, said: str) -> None:
    with pytest.raises(Unfit, match=said):
        realigned(CAMERA, proposal)


async def test_who_changed_the_layout_meanwhile_wins() -> None:
    ledger = FakeLedger()
    await ledger.apply(layout("cam1"))
    await ledger.apply(layout("cam1", name="renamed"))
    version = await commit_realigned(
        ledger, lot_id="north", camera_id="cam1", layout_version=1, proposal=shift(0.01)
    )
    assert version is None
    lot = (await ledger.get(("north",), with_layouts=True)).lot("north")
    assert lot is not None
    assert lot.layout == layout("cam1", name="renamed")


async def test_a_proposal_becomes_the_next_version_and_the_next_plan() -> None:
    ledger = FakeLedger()
    await ledger.apply(layout("cam1", "cam2"))
    async with (
        running(ledger) as processor,
        FakeCamera(processor, cuts_strips=True) as camera,
    ):
        moved = wire.RealignProposal(plan_id=1, homography=shift(0.01).homography)
        stale = wire.RealignProposal(plan_id=9, homography=shift(0.02).homography)
        for proposal in (stale, moved, moved):
            await camera.send(wire.CameraMessage(realign=proposal))
        plan = await camera.read_plan()
    assert (plan.plan_id, plan.layout_version) == (2, 2)
    expected = [(x + 0.01, y) for x, y in region(0).polygon]
    assert np.allclose(corners_of(plan.regions[0]), expected)
    lot = (await ledger.get(("north",), with_layouts=True)).lot("north")
    assert lot is not None
    assert lot.layout is not None
    assert lot.layout.cameras[1] == layout("cam1", "cam2").cameras[1]
