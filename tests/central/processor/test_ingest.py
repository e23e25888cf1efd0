"""Bad input from cameras, over a real gRPC server: a clear answer each, and nothing lost."""

from collections.abc import AsyncIterator

import grpc
import pytest

from central.ledger.records import CameraCondition, CameraReport, Occupancy
from central.processor.service import Processor
from central.processor.settings import StreamLimits
from protos import video_stream_pb2 as wire
from tests.central.processor.fake_camera import FakeCamera, end_of, refusal
from tests.central.processor.fake_ledger import FakeLedger
from tests.central.processor.harness import layout, picture, running, settings, states

OTHER_BOOT = "00000000000000b2"
KILOBYTES = 100 * 1024
LIMITS = StreamLimits(max_frame_bytes=KILOBYTES, takeover_seconds=30.0, hello_seconds=0.1)


@pytest.fixture
async def ledger() -> FakeLedger:
    fake = FakeLedger()
    await fake.apply(layout("cam1", "cam2"))
    return fake


@pytest.fixture
async def processor(ledger: FakeLedger) -> AsyncIterator[Processor]:
    async with running(ledger, settings(limits=LIMITS, max_cameras=2)) as started:
        yield started


async def test_the_welcome_says_what_the_camera_may_do(processor: Processor) -> None:
    async with FakeCamera(processor) as camera:
        assert camera.welcome == wire.Welcome(
            processor_id="p1", credits=2, layout_version=1, max_frame_bytes=KILOBYTES
        )


async def test_a_corrupt_jpeg_is_answered_and_the_stream_goes_on(
    processor: Processor, ledger: FakeLedger
) -> None:
    async with FakeCamera(processor) as camera:
        await camera.show("ovov", times=1)
        await camera.send_frame(picture("vovo")[:-500])
        ack = await camera.read_ack()
        assert ack.outcome == wire.FRAME_OUTCOME_CORRUPT
        assert "truncated" in ack.detail
        assert (await camera.show("ovov", times=1)).outcome == wire.FRAME_OUTCOME_CLASSIFIED
        await ledger.until(lambda: len(ledger.applied) == 1)
    # The corrupt frame said nothing, neither for nor against: the second good one decided.
    assert ledger.applied[0].key.sequence == 3


async def test_a_frame_of_another_size_but_the_same_shape_is_classified(
    processor: Processor, ledger: FakeLedger
) -> None:
    async with FakeCamera(processor) as camera:
        await camera.show("ovov", times=2)
        await camera.send_frame(picture("ovov", width=640, height=480), width=640, height=480)
        assert (await camera.read_ack()).outcome == wire.FRAME_OUTCOME_CLASSIFIED
        await ledger.until(lambda: len(ledger.applied) == 1)


async def test_a_frame_of_another_shape_makes_its_spots_unknown_until_it_is_right_again(
    processor: Processor, ledger: FakeLedger
) -> None:
    async with FakeCamera(processor) as camera:
        await camera.show("ovov")
        await ledger.until(lambda: len(ledger.applied) == 1)
        await camera.send_frame(picture("ovov", width=640, height=360), width=640, height=360)
        ack = await camera.read_ack()
        assert ack.outcome == wire.FRAME_OUTCOME_WRONG_SIZE
        assert "640x360" in ack.detail
        assert "apply a layout" in ack.detail
        await ledger.until(lambda: len(ledger.applied) == 2)
        assert set(ledger.view("cam1").values()) == {Occupancy.UNKNOWN}
        assert ledger.applied[1].model == ""
        assert ledger.applied[1].key.sequence == 4, "said of that frame, not of later silence"
        assert said(ledger, "cam1") is CameraCondition.RESIZED
        assert "640x360" in ledger.conditions["cam1"].detail
        await ledger.until(lambda: "640x360" in ledger.reports["cam1"].fault)
        await camera.show("ovov")
        await ledger.until(lambda: ledger.view("cam1") == states("ovov"))
        assert said(ledger, "cam1") is CameraCondition.OK


async def test_what_a_camera_says_of_its_pictures_reaches_the_ledger_and_ends_by_itself(
    processor: Processor, ledger: FakeLedger
) -> None:
    async with FakeCamera(processor) as camera:
        await camera.complain(CameraCondition.OK)
        await camera.show("ovov")
        await ledger.until(lambda: ledger.view("cam1") == states("ovov"))
        await camera.complain(CameraCondition.DARK, since_us=77, detail=" 99 %\nblack ")
        await ledger.until(lambda: ledger.view("cam1") == states("uuuu"))
        assert ledger.conditions["cam1"] == CameraReport(CameraCondition.DARK, 77, "99 % black")
        ack = await camera.show("oooo")
        assert ack.outcome == wire.FRAME_OUTCOME_DISTRUSTED
        await camera.complain(CameraCondition.OK, since_us=99)
        await camera.show("vvov")
        await ledger.until(lambda: ledger.view("cam1") == states("vvov"))
        assert ledger.conditions["cam1"].condition is CameraCondition.OK


async def test_a_camera_that_says_its_source_is_lost_is_not_silent(ledger: FakeLedger) -> None:
    await ledger.apply(layout("cam1", "cam2"))
    async with running(ledger, settings(silent_after=0.1)) as processor:
        async with FakeCamera(processor) as camera, FakeCamera(processor, "cam2") as witness:
            await camera.show("ovov")
            await camera.complain(CameraCondition.LOST, detail="no pictures")
            await ledger.until(lambda: ledger.view("cam1") == states("uuuu"))
            await witness.show("ovov")
            # It was heard after the other one, so that one has been quiet long enough, too.
            await ledger.until(lambda: said(ledger, "cam2") is CameraCondition.SILENT)
            assert said(ledger, "cam1") is CameraCondition.LOST
        await ledger.until(lambda: said(ledger, "cam1") is CameraCondition.SILENT)


def said(ledger: FakeLedger, camera_id: str) -> CameraCondition | None:
    """Return the camera's condition as the ledger has it."""
    report = ledger.conditions.get(camera_id)
    return report.condition if report else None


async def test_a_condition_that_nobody_knows_is_refused(processor: Processor) -> None:
    async with FakeCamera(processor) as camera:
        report = wire.ConditionReport(number=1)
        await camera.send(wire.CameraMessage(condition=report))
        assert await end_of(camera) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            "a camera's condition cannot be 0",
        )


async def test_a_jpeg_of_another_size_than_stated_is_corrupt(processor: Processor) -> None:
    async with FakeCamera(processor) as camera:
        await camera.send_frame(picture("ovov"), width=640, height=480)
        ack = await camera.read_ack()
        assert ack.outcome == wire.FRAME_OUTCOME_CORRUPT
        assert ack.detail == "the JPEG is 320x240, stated is 640x480"


@pytest.mark.parametrize("extra", [1, 20 * 1024 * 1024])
async def test_an_oversized_message_ends_its_stream_and_nothing_committed_is_lost(
    processor: Processor, ledger: FakeLedger, extra: int
) -> None:
    async with FakeCamera(processor) as other, FakeCamera(processor, "cam2") as camera:
        await camera.show("ovov")
        await ledger.until(lambda: len(ledger.applied) == 1)
        await camera.send_frame(b"\xff" * (KILOBYTES + extra))
        status, detail = await end_of(camera)
        assert status is grpc.StatusCode.RESOURCE_EXHAUSTED
        if extra == 1:
            assert "lower the camera's --quality" in detail
        else:
            assert "larger than max" in detail  # gRPC's own: it is not even read
        assert ledger.view("cam2")["A1"] is Occupancy.OCCUPIED
        await other.show("ovov", times=1)
    async with FakeCamera(processor, "cam2", next_sequence=50) as camera:
        await camera.show("vvov")
        await ledger.until(lambda: len(ledger.applied) == 2)
    assert [d.spot_id for d in ledger.applied[1].detections] == ["A1"]


async def test_an_unknown_camera_is_told_what_to_do(processor: Processor) -> None:
    assert await refusal(FakeCamera(processor, "nobody")) == (
        grpc.StatusCode.NOT_FOUND,
        "camera 'nobody' is in no applied layout; name it in one and commit that with "
        "'parkledger apply FILE'",
    )


@pytest.mark.parametrize(
    ("camera_id", "boot_id", "rate", "said"),
    [
        ("no spaces", "00000000000000b1", 1.0, "camera id 'no spaces'"),
        ("", "00000000000000b1", 1.0, "camera id ''"),
        ("cam1", "today", 1.0, "boot id 'today'"),
        ("cam1", "00000000000000b1", -1.0, "frames_per_second is -1.0"),
        ("cam1", "00000000000000b1", float("nan"), "frames_per_second is nan"),
    ],
)
async def test_a_hello_that_makes_no_sense(
    processor: Processor, camera_id: str, boot_id: str, rate: float, said: str
) -> None:
    camera = FakeCamera(processor, camera_id, boot_id=boot_id, frames_per_second=rate)
    status, detail = await refusal(camera)
    assert status is grpc.StatusCode.INVALID_ARGUMENT
    assert said in detail


async def test_a_hello_in_the_middle_is_no_frame(processor: Processor) -> None:
    async with FakeCamera(processor) as camera:
        await camera.send(wire.CameraMessage(hello=wire.CameraHello()))
        status, detail = await end_of(camera)
    assert (status, detail) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "after the hello only frames, strips, conditions and proposals may come",
    )


@pytest.mark.parametrize("sequence", [0, 2, 1, 2**63])
async def test_sequences_must_increase(processor: Processor, sequence: int) -> None:
    async with FakeCamera(processor) as camera:
        await camera.show("ovov", times=2)
        await camera.send_frame(picture("ovov"), sequence=sequence)
        status, detail = await end_of(camera)
    assert status is grpc.StatusCode.INVALID_ARGUMENT
    assert detail.startswith(f"frame sequence {sequence} came after 2")


async def test_a_frame_without_a_size(processor: Processor) -> None:
    async with FakeCamera(processor) as camera:
        await camera.send_frame(picture("ovov"), width=0)
        status, detail = await end_of(camera)
    assert status is grpc.StatusCode.INVALID_ARGUMENT
    assert "states no size: 0x240" in detail


async def test_a_second_process_is_refused_while_the_first_streams(processor: Processor) -> None:
    async with FakeCamera(processor) as camera:
        status, detail = await refusal(FakeCamera(processor, boot_id=OTHER_BOOT))
        assert status is grpc.StatusCode.ALREADY_EXISTS
        assert "00000000000000b1" in detail
        await camera.show("ovov", times=1)


async def test_a_second_process_takes_over_once_the_first_is_silent(ledger: FakeLedger) -> None:
    limits = StreamLimits(takeover_seconds=0.0)
    async with running(ledger, settings(limits=limits)) as processor:
        # 0: it did not say how often it sends, so there is no frame to wait for.
        old = FakeCamera(processor, frames_per_second=0.0)
        async with old, FakeCamera(processor, boot_id=OTHER_BOOT) as new:
            status, detail = await end_of(old)
            assert status is grpc.StatusCode.ALREADY_EXISTS
            assert OTHER_BOOT in detail
            await new.show("ovov")
            await ledger.until(lambda: len(ledger.applied) == 1)
    assert ledger.applied[0].key.boot_id == OTHER_BOOT


async def test_the_same_process_may_always_come_back(processor: Processor) -> None:
    async with FakeCamera(processor) as old, FakeCamera(processor, next_sequence=9) as new:
        await end_of(old)
        await new.show("ovov", times=1)


async def test_cameras_are_limited(ledger: FakeLedger) -> None:
    async with running(ledger, settings(max_cameras=1)) as processor:
        async with FakeCamera(processor) as camera:
            status, detail = await refusal(FakeCamera(processor, "cam2"))
            assert status is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert "raise --max-cameras" in detail
            await camera.show("ovov", times=1)
        await ledger.until(lambda: "cam1" not in ledger.current)
        async with FakeCamera(processor, "cam2") as other:
            await other.show("ovov", times=1)


async def test_a_stream_that_says_nothing_is_ended(processor: Processor) -> None:
    camera = FakeCamera(processor)
    status, detail = await camera.say_nothing()
    assert (status, detail) == (grpc.StatusCode.INVALID_ARGUMENT, "no hello within 0.1 s")


async def test_without_a_ledger_cameras_are_told_to_try_again() -> None:
    ledger = FakeLedger()
    await ledger.set_away(away=True)
    async with running(ledger, ready=False) as processor:
        status, detail = await refusal(FakeCamera(processor))
    assert status is grpc.StatusCode.UNAVAILABLE
    assert detail.startswith("no ledger yet")
