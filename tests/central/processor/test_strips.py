"""Strips from cameras, over a real gRPC server."""

from dataclasses import replace

import pytest

from central.layout.document import Camera, Mask
from central.ledger.records import Occupancy
from central.processor.service import Processor
from protos import video_stream_pb2 as wire
from tests.central.processor.fake_camera import FakeCamera, corners_of
from tests.central.processor.fake_ledger import FakeLedger
from tests.central.processor.harness import layout, picture, region, running, states

ENOUGH = 30  # seconds of the camera's clock after which no filter has any doubt left


async def test_the_welcome_has_a_plan_only_for_a_camera_that_cuts(ledger: FakeLedger) -> None:
    mask = Mask(((0, 0), (500_000, 0), (0, 500_000)))
    camera = Camera("cam1", regions=(region(0), region(1)), masks=(mask,), reference=b"view")
    await ledger.apply(replace(layout("cam1"), cameras=(camera,)))
    async with running(ledger) as processor:
        async with FakeCamera(processor) as plain:
            assert not plain.welcome.HasField("plan")
        async with FakeCamera(processor, cuts_strips=True, next_sequence=9) as cutting:
            plan = cutting.welcome.plan
    assert (plan.plan_id, plan.layout_version) == (1, 2)
    assert plan.geometry == wire.PatchGeometry(size=16, margin=0.0, surroundings=0.0)
    assert [tuple(corners_of(planned)) for planned in plan.regions] == [
        region(0).polygon,
        region(1).polygon,
    ]
    assert list(plan.masks[0].corners_millionths) == [0, 0, 500_000, 0, 0, 500_000]
    assert plan.reference == b"view"


async def test_strips_say_what_frames_say(processor: Processor, ledger: FakeLedger) -> None:
    async with FakeCamera(processor, cuts_strips=True) as camera:
        plan = camera.welcome.plan
        for _ in range(ENOUGH):
            ack = await camera.send_strip(plan, "ovov")
            assert ack.outcome == wire.FRAME_OUTCOME_CLASSIFIED
        await ledger.until(lambda: ledger.view("cam1") == states("ovov"))


@pytest.mark.parametrize("fine", [(0, 2), (1,), (0, 1, 2, 3)])
async def test_patches_in_a_second_picture_come_to_their_own_spots(
    processor: Processor, ledger: FakeLedger, fine: tuple[int, ...]
) -> None:
    async with FakeCamera(processor, cuts_strips=True) as camera:
        for _ in range(ENOUGH):
            ack = await camera.send_strip(camera.welcome.plan, "ovvo", fine=fine)
            assert ack.outcome == wire.FRAME_OUTCOME_CLASSIFIED
        await ledger.until(lambda: ledger.view("cam1") == states("ovvo"))


async def test_an_ack_names_the_doubtful_of_those_that_were_shown(processor: Processor) -> None:
    async with FakeCamera(processor, cuts_strips=True) as camera:
        ack = await camera.send_strip(camera.welcome.plan, "uuuu", places=[1, 3])
        assert list(ack.doubtful) == [1, 3]
        ack = await camera.send_strip(camera.welcome.plan, "uuuu", places=[])
        assert list(ack.doubtful) == []


async def test_regions_that_are_left_out_stay_as_they_were(
    processor: Processor, ledger: FakeLedger
) -> None:
    async with FakeCamera(processor, cuts_strips=True) as camera:
        plan = camera.welcome.plan
        await camera.send_strip(plan, "ovov")
        for _ in range(ENOUGH):  # one change, told once, and then only that nothing changes
            await camera.send_strip(plan, "ovov", places=[])
        await ledger.until(lambda: ledger.view("cam1") == states("ovov"))
        await camera.send_strip(plan, "oooo", places=[1])
        for _ in range(ENOUGH):
            await camera.send_strip(plan, "oooo", places=[])
        await ledger.until(lambda: ledger.view("cam1") == states("ooov"))
        await camera.finish()


async def test_frames_and_strips_mix(processor: Processor, ledger: FakeLedger) -> None:
    async with FakeCamera(processor, cuts_strips=True) as camera:
        plan = camera.welcome.plan
        await camera.send_strip(plan, "oooo", places=[0])
        await camera.send_frame(picture("ovov"))
        assert (await camera.read_ack()).outcome == wire.FRAME_OUTCOME_CLASSIFIED
        for _ in range(ENOUGH):
            await camera.send_strip(plan, "ovov", places=[])
        await ledger.until(lambda: ledger.view("cam1") == states("ovov"))


async def test_a_new_layout_is_told_and_the_old_plan_is_stale(
    processor: Processor, ledger: FakeLedger
) -> None:
    async with FakeCamera(processor, cuts_strips=True) as camera:
        old = camera.welcome.plan
        await camera.send_strip(old, "ovov")
        await ledger.apply(layout("cam1", spots=[3, 1]))
        new = await camera.read_plan()
        assert (new.plan_id, new.layout_version) == (2, 2)
        ack = await camera.send_strip(old, "ovov")
        assert ack.outcome == wire.FRAME_OUTCOME_STALE_PLAN
        for _ in range(ENOUGH):
            ack = await camera.send_strip(new, "ovvo")
            assert ack.outcome == wire.FRAME_OUTCOME_CLASSIFIED
        expected = {"A4": Occupancy.OCCUPIED, "A2": Occupancy.VACANT}
        await ledger.until(lambda: ledger.view("cam1") == expected)
        assert not ledger.reports["cam1"].fault


async def test_a_layout_that_changes_nothing_for_the_camera_is_not_told(
    processor: Processor, ledger: FakeLedger
) -> None:
    async with FakeCamera(processor, cuts_strips=True) as camera:
        plan = camera.welcome.plan
        await camera.send_strip(plan, "ovov")
        gets = ledger.gets
        await ledger.apply(layout("cam1", name="renamed"))
        await ledger.until(lambda: ledger.gets > gets)
        # Acks only: a plan among them would fail here.
        for _ in range(ENOUGH):
            await camera.send_strip(plan, "ovov", places=[])
        await ledger.until(lambda: ledger.view("cam1") == states("ovov"))
    assert ledger.applied[-1].layout_version == 2


@pytest.mark.parametrize(
    ("places", "jpeg", "outcome", "said"),
    [
        ([1, 0], picture("ov"), wire.FRAME_OUTCOME_CORRUPT, "places do not rise"),
        ([0, 0], picture("ov"), wire.FRAME_OUTCOME_CORRUPT, "places do not rise"),
        ([4], picture("ov"), wire.FRAME_OUTCOME_CORRUPT, "not below 4"),
        ([0, 1], picture("ov"), wire.FRAME_OUTCOME_CORRUPT, "stated is 32x16"),
        ([0, 1], b"", wire.FRAME_OUTCOME_CORRUPT, "no JPEG"),
    ],
)
async def test_a_strip_that_makes_no_sense(
    processor: Processor, places: list[int], jpeg: bytes, outcome: int, said: str
) -> None:
    async with FakeCamera(processor, cuts_strips=True) as camera:
        strip = wire.Strip(
            sequence=1, captured_at_us=1, width=320, height=240, plan_id=1, places=places, jpeg=jpeg
        )
        await camera.send(wire.CameraMessage(strip=strip))
        ack = await camera.read_ack()
        assert ack.outcome == outcome
        assert said in ack.detail
        camera.next_sequence = 2
        again = await camera.send_strip(camera.welcome.plan, "ovov")
        assert again.outcome == wire.FRAME_OUTCOME_CLASSIFIED


ONE = picture("ov")


@pytest.mark.parametrize(
    ("fine", "fine_at", "said"),
    [
        ([1, 0], len(ONE), "fine places do not rise"),
        ([2], len(ONE), "not among the places"),
        ([1], len(ONE), "stated is 16x16"),
        ([1], 10_000_000, "stated is 16x16"),
        ([0, 1], 0, "stated is 32x16"),
        ([0, 1], 10_000_000, "0 bytes are no JPEG"),
    ],
)
async def test_a_second_picture_that_makes_no_sense(
    processor: Processor, fine: list[int], fine_at: int, said: str
) -> None:
    async with FakeCamera(processor, cuts_strips=True) as camera:
        strip = wire.Strip(sequence=1, captured_at_us=1, width=320, height=240, plan_id=1)
        strip.places.extend([0, 1])
        strip.fine.extend(fine)
        strip.fine_at, strip.jpeg = fine_at, 2 * ONE
        await camera.send(wire.CameraMessage(strip=strip))
        ack = await camera.read_ack()
        assert ack.outcome == wire.FRAME_OUTCOME_CORRUPT
        assert said in ack.detail
        camera.next_sequence = 2
        again = await camera.send_strip(camera.welcome.plan, "ovov")
        assert again.outcome == wire.FRAME_OUTCOME_CLASSIFIED


async def test_a_strip_of_a_picture_of_another_shape(processor: Processor) -> None:
    async with FakeCamera(processor, cuts_strips=True) as camera:
        plan = camera.welcome.plan
        await camera.send_strip(plan, "ovov")
        ack = await camera.send_strip(plan, "ovov", width=640)
        assert ack.outcome == wire.FRAME_OUTCOME_WRONG_SIZE
        assert "640x240" in ack.detail
