"""A processor between cameras and a ledger, over a real gRPC server: from frames to batches."""

import asyncio
import gc
from dataclasses import replace

import grpc

from central.ledger.records import Occupancy
from central.processor.frames import Frame
from central.processor.service import Processor
from central.processor.settings import StreamLimits
from protos import video_stream_pb2 as wire
from tests.central.processor.fake_camera import BOOT, FakeCamera, end_of, refusal
from tests.central.processor.fake_classifier import DEADLINE, GatedClassifier
from tests.central.processor.fake_ledger import FakeLedger
from tests.central.processor.harness import layout, picture, running, settings, states

OCCUPIED, VACANT, UNKNOWN = Occupancy.OCCUPIED, Occupancy.VACANT, Occupancy.UNKNOWN


async def test_exactly_one_batch_a_change(processor: Processor, ledger: FakeLedger) -> None:
    async with FakeCamera(processor) as camera:
        await camera.show("ovov", times=20)
        await ledger.until(lambda: len(ledger.applied) == 1)
        first = ledger.applied[0]
        assert (first.key.camera_id, first.key.boot_id, first.key.sequence) == ("cam1", BOOT, 2)
        assert first.captured_at_us == 2_000_000
        assert first.layout_version == 1
        assert len(first.model) == 16
        assert {d.spot_id: d.occupancy for d in first.detections} == states("ovov")
        assert all(9_000 <= d.confidence <= 10_000 for d in first.detections)
        await camera.show("ovoo", times=20)
        await ledger.until(lambda: len(ledger.applied) == 2)
        await camera.finish()
    assert [(d.spot_id, d.occupancy) for d in ledger.applied[1].detections] == [("A4", OCCUPIED)]
    assert ledger.applied[1].key.sequence == 23
    assert not ledger.duplicates
    assert not ledger.rejected


async def test_an_answered_frame_is_held_by_nobody(processor: Processor) -> None:
    """It is large, there are hundreds of cameras, and the next may be a minute away."""

    def frames() -> int:
        return sum(isinstance(one, Frame) for one in gc.get_objects())

    before = frames()
    async with FakeCamera(processor) as camera:
        await camera.show("ovov", times=3)
        async with asyncio.timeout(DEADLINE):
            while frames() > before:  # noqa: ASYNC110 - nothing tells of an end of a reference
                await asyncio.sleep(0.02)


async def test_one_contrary_frame_commits_nothing(processor: Processor, ledger: FakeLedger) -> None:
    async with FakeCamera(processor) as camera:
        await camera.show("oooo")
        for _ in range(5):
            await camera.show("vvvv", times=1)
            await camera.show("uuuu", times=2)
            await camera.show("oooo", times=1)
        # A later change is committed alone, so nothing else had been on its way.
        await camera.show("ooov")
        await ledger.until(lambda: len(ledger.applied) == 2)
    assert [d.spot_id for d in ledger.applied[1].detections] == ["A4"]


async def test_a_restarted_processor_takes_up_the_ledgers_state(ledger: FakeLedger) -> None:
    async with running(ledger) as processor, FakeCamera(processor) as camera:
        await camera.show("ovov")
        await ledger.until(lambda: len(ledger.applied) == 1)
    async with running(ledger) as processor, FakeCamera(processor, next_sequence=100) as camera:
        await camera.show("ovov", times=10)
        await camera.show("ovvv")
        await ledger.until(lambda: len(ledger.applied) == 2)
    assert [d.spot_id for d in ledger.applied[1].detections] == ["A3"]


async def test_detections_under_way_are_flushed_at_shutdown(ledger: FakeLedger) -> None:
    async with (
        running(ledger, replace(settings(), flush_seconds=10.0)) as processor,
        FakeCamera(processor) as camera,
    ):
        await ledger.set_away(away=True)
        await camera.show("ovov")
        await ledger.set_away(away=False)
    assert ledger.view("cam1") == states("ovov")


async def test_what_is_believed_is_committed_during_shutdown(ledger: FakeLedger) -> None:
    async def release(processor: Processor, camera: FakeCamera) -> None:
        await end_of(camera)
        # Only once nothing listens any more, so that the stream's own end has not helped.
        _, detail = await refusal(FakeCamera(processor))
        assert "connect" in detail.lower()
        await ledger.hold_appends(hold=False)

    async with running(ledger, replace(settings(), flush_seconds=10.0)) as processor:
        camera = FakeCamera(processor)
        await camera.__aenter__()
        await ledger.hold_appends(hold=True)
        await camera.show("ovov")
        released = asyncio.create_task(release(processor, camera))
    await released
    await camera.__aexit__(None, None, None)
    assert ledger.view("cam1") == states("ovov")


async def test_frames_in_work_are_answered_before_a_stream_ends(ledger: FakeLedger) -> None:
    limits = StreamLimits(drain_seconds=60.0)
    classifier = GatedClassifier()
    async with (
        running(ledger, settings(limits=limits), classifier=classifier) as processor,
        FakeCamera(processor) as camera,
    ):
        await camera.send_frame(picture("ovov"))
        await classifier.wait_inside()
        await camera.send_frame(picture("ovov"))
        await camera.ping()  # it is busy, and does not hang
        await camera.done_writing()
        classifier.gate.set()
        acks = [await camera.read_ack(), await camera.read_ack()]
        assert [ack.sequence for ack in acks] == [1, 2]
        await camera.finish()


async def test_shutdown_tells_cameras_to_go_elsewhere(ledger: FakeLedger) -> None:
    async with running(ledger) as processor:
        camera = FakeCamera(processor)
        await camera.__aenter__()
        await camera.show("ovov", times=1)
    assert await end_of(camera) == (grpc.StatusCode.UNAVAILABLE, "the processor is shutting down")
    await camera.__aexit__(None, None, None)


async def test_the_ledger_away_and_back(processor: Processor, ledger: FakeLedger) -> None:
    async with FakeCamera(processor) as camera:
        await camera.show("oooo")
        await ledger.until(lambda: len(ledger.applied) == 1)
        await ledger.set_away(away=True)
        # Acks do not wait for commits, and the newest belief a spot is what is held.
        for state in ("vooo", "vvoo", "ovoo", "oooo", "ooov"):
            assert (await camera.show(state)).outcome == wire.FRAME_OUTCOME_CLASSIFIED
        await ledger.set_away(away=False)
        await ledger.until(lambda: ledger.view("cam1") == states("ooov"))
    said = [(b.key.sequence, [d.spot_id for d in b.detections]) for b in ledger.applied[1:]]
    # Frame 6 was under way when the ledger went; A2 changed there and back and is not mentioned.
    assert said == [(6, ["A1"]), (12, ["A1"]), (18, ["A4"])]


async def test_a_ledger_that_comes_late(ledger: FakeLedger) -> None:
    await ledger.set_away(away=True)
    async with running(ledger, ready=False) as processor:
        await ledger.set_away(away=False)
        await processor.has_ledger.wait()
        async with FakeCamera(processor) as camera:
            await camera.show("ovov")
            await ledger.until(lambda: len(ledger.applied) == 1)


async def test_two_cameras_on_one_spot_both_speak(ledger: FakeLedger) -> None:
    await ledger.apply(layout("cam1", "cam2"))
    async with (
        running(ledger) as processor,
        FakeCamera(processor) as one,
        FakeCamera(processor, "cam2") as two,
    ):
        await one.show("oooo")
        await two.show("vooo")
        await ledger.until(lambda: len(ledger.applied) == 2)
    assert ledger.view("cam1") == states("oooo")
    assert ledger.view("cam2") == states("vooo")


async def test_a_frame_that_is_sent_without_leave_replaces_the_one_that_waits(
    processor: Processor,
) -> None:
    async with FakeCamera(processor) as camera:
        jpeg = picture("ovov")
        sent = [await camera.send_frame(jpeg) for _ in range(30)]
        acks = [await camera.read_ack() for _ in sent]
    assert [ack.sequence for ack in acks] == sent
    outcomes = [ack.outcome for ack in acks]
    assert set(outcomes) <= {wire.FRAME_OUTCOME_CLASSIFIED, wire.FRAME_OUTCOME_OVERLOADED}
    assert outcomes[-1] == wire.FRAME_OUTCOME_CLASSIFIED, "the newest is never shed"


async def test_a_second_processor_takes_a_camera_over_without_flips(ledger: FakeLedger) -> None:
    async with running(ledger, settings("p2")) as second:
        async with running(ledger, settings("p1")) as first, FakeCamera(first) as camera:
            await camera.show("ovov")
            await ledger.until(lambda: len(ledger.applied) == 1)
        # `second` last read the ledger when nothing was known.
        gets = ledger.gets
        async with FakeCamera(second, next_sequence=10) as camera:
            await ledger.until(lambda: ledger.gets > gets)
            await camera.show("ovov", times=5)
            await camera.show("ovoo")
            await ledger.until(lambda: len(ledger.applied) == 2)
    assert [d.spot_id for d in ledger.applied[1].detections] == ["A4"]
