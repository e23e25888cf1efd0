"""Cameras that fall silent, go elsewhere or vanish, and what is reported of them."""

import pytest

from central.ledger.records import CameraCondition, NodeKind, NodeReport, Occupancy
from central.processor.service import Processor
from protos import video_stream_pb2 as wire
from tests.central.processor.fake_camera import BOOT, FakeCamera
from tests.central.processor.fake_ledger import FakeLedger
from tests.central.processor.harness import layout, picture, running, settings, states

OCCUPIED, VACANT, UNKNOWN = Occupancy.OCCUPIED, Occupancy.VACANT, Occupancy.UNKNOWN
QUICK_SILENCE = 0.15  # seconds


async def test_silence_makes_spots_unknown_and_frames_bring_them_back(ledger: FakeLedger) -> None:
    async with (
        running(ledger, settings(silent_after=QUICK_SILENCE)) as processor,
        FakeCamera(processor) as camera,
    ):
        await camera.show("ovov")
        await ledger.until(lambda: len(ledger.applied) == 2)
        silence = ledger.applied[1]
        assert ledger.view("cam1") == states("uuuu")
        assert silence.key.boot_id not in ("", BOOT), "said in the processor's name"
        assert silence.key.sequence == 1
        assert silence.model == ""
        assert silence.camera is not None
        assert silence.camera.condition is CameraCondition.SILENT
        assert {d.confidence for d in silence.detections} == {0}
        await ledger.until(lambda: "no frame for" in ledger.reports["cam1"].fault)
        await camera.show("ovov")
        await ledger.until(lambda: ledger.view("cam1") == states("ovov"))
        assert ledger.conditions["cam1"].condition is CameraCondition.OK


async def test_corrupt_frames_do_not_keep_a_camera_from_being_silent(ledger: FakeLedger) -> None:
    async with (
        running(ledger, settings(silent_after=QUICK_SILENCE)) as processor,
        FakeCamera(processor) as camera,
    ):
        await camera.show("ovov")
        await ledger.until(lambda: len(ledger.applied) >= 1)
        while len(ledger.applied) < 2:
            await camera.send_frame(b"no picture")
            ack = await camera.read_ack()
            assert ack.outcome == wire.FRAME_OUTCOME_CORRUPT
    assert ledger.view("cam1") == states("uuuu")


async def test_the_spots_of_a_camera_that_ended_become_unknown(ledger: FakeLedger) -> None:
    async with running(ledger, settings(silent_after=QUICK_SILENCE)) as processor:
        async with FakeCamera(processor) as camera:
            await camera.show("ovov")
            await camera.finish()
        await ledger.until(lambda: len(ledger.applied) == 2)
    assert ledger.view("cam1") == states("uuuu")


async def test_a_camera_that_went_to_another_processor_is_left_to_it(ledger: FakeLedger) -> None:
    await ledger.apply(layout("cam1", "cam2"))
    elsewhere = NodeReport(
        node_id="cam1", kind=NodeKind.CAMERA, boot_id=BOOT, reported_by="p2", frames=9
    )
    async with running(ledger, settings(silent_after=QUICK_SILENCE)) as processor:
        async with FakeCamera(processor) as camera:
            await camera.show("ovov")
            await ledger.until(lambda: len(ledger.applied) == 1)
            ledger.nodes_elsewhere.append(elsewhere)
        async with FakeCamera(processor, "cam2") as camera:
            await camera.show("ovov")
        # Both have ended, cam1 first: once cam2 is unknown, cam1 would have been.
        await ledger.until(
            lambda: "cam2" in {b.key.camera_id for b in ledger.applied if not b.model}
        )
    assert ledger.view("cam1") == states("ovov")
    assert ledger.view("cam2") == states("uuuu")


async def test_heartbeats_tell_of_the_processor_and_its_cameras(
    processor: Processor, ledger: FakeLedger
) -> None:
    async with FakeCamera(processor) as camera:
        await camera.show("ovov", times=4)
        await camera.send_frame(b"no picture")
        await camera.read_ack()
        await ledger.until(lambda: ledger.reports["cam1"].frames_dropped == 1)
        report = ledger.reports["cam1"]
        assert report == NodeReport(
            node_id="cam1",
            kind=NodeKind.CAMERA,
            boot_id=BOOT,
            reported_by="p1",
            frames=4,
            frames_dropped=1,
            last_frame_at_us=4_000_000,
            last_source_position_us=4_000,
            fault="10 bytes are no JPEG image",
        )
        own = ledger.reports["p1"]
        assert (own.kind, own.frames, own.frames_dropped) == (NodeKind.PROCESSOR, 4, 1)
        assert own.address == str(processor.address)
        await camera.show("ovov", times=1)
        await ledger.until(lambda: ledger.reports["cam1"].fault == "")
    await ledger.until(lambda: ledger.current == {"p1"})


async def test_a_camera_that_vanishes_leaves_nothing_behind(
    processor: Processor, ledger: FakeLedger, caplog: pytest.LogCaptureFixture
) -> None:
    for attempt in range(5):
        async with FakeCamera(processor, next_sequence=1 + 10 * attempt) as camera:
            for _ in range(2):
                await camera.send_frame(picture("ovov"))
        # The connection is cut here, with frames in work.
        await ledger.until(lambda: ledger.current == {"p1"})
    async with FakeCamera(processor, next_sequence=100) as camera:
        await camera.show("ovov")
        await ledger.until(lambda: ledger.view("cam1") == states("ovov"))
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
