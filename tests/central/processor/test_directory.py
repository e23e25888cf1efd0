"""The ledger's word, followed: layouts and occupancies that change while cameras stream."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Self

import grpc

from central.ledger.records import Detection, DetectionBatch, IdempotencyKey, Occupancy
from central.processor.directory import Directory, DirectorySettings
from central.processor.known_lots import CameraEntry
from central.processor.service import Processor
from protos import video_stream_pb2 as wire
from tests.central.processor.fake_camera import FakeCamera, end_of, show_until
from tests.central.processor.fake_classifier import DEADLINE, GatedClassifier
from tests.central.processor.fake_ledger import FakeLedger
from tests.central.processor.harness import layout, picture, region, running, settings, states

OCCUPIED, VACANT, UNKNOWN = Occupancy.OCCUPIED, Occupancy.VACANT, Occupancy.UNKNOWN


async def test_a_new_layout_takes_effect_without_restart_or_reconnection(
    processor: Processor, ledger: FakeLedger
) -> None:
    async with FakeCamera(processor) as camera:
        await camera.show("ovov")
        await ledger.until(lambda: len(ledger.applied) == 1)
        # The region called A1 now lies where A4 did, and the other way round.
        old = layout("cam1")
        swapped = (replace(region(3), spot_id="A1"), replace(region(0), spot_id="A4"))
        await ledger.apply(replace(old, cameras=(replace(old.cameras[0], regions=swapped),)))
        gets = ledger.gets
        await ledger.until(lambda: ledger.gets > gets, seconds=10.0)
        # A1 is still occupied and A4 vacant, but the ledger knows nothing of the new regions.
        await camera.show("vvvo", times=6)
        await ledger.until(lambda: len(ledger.applied) == 2)
    assert ledger.applied[1].layout_version == 2
    assert {d.spot_id: d.occupancy for d in ledger.applied[1].detections} == {
        "A1": OCCUPIED,
        "A4": VACANT,
    }


async def test_a_batch_of_an_old_layout_is_refused_and_put_right(ledger: FakeLedger) -> None:
    # The processor reads seldom here: it decides by the old layout and learns by the refusal.
    slow = settings()
    slow = replace(slow, directory=replace(slow.directory, min_seconds=0.2))
    async with running(ledger, slow) as processor, FakeCamera(processor) as camera:
        await camera.show("oooo", times=1)
        await ledger.apply(layout("cam1", name="renamed"))
        await camera.show("oooo", times=1)
        await ledger.until(lambda: len(ledger.rejected) + len(ledger.applied) == 1)
        await show_until(camera, ledger, "oooo", batches=1)
    assert ledger.applied[0].layout_version == 2
    assert ledger.view("cam1") == states("oooo")


async def test_a_camera_that_is_applied_later_is_welcome_without_restart() -> None:
    ledger = FakeLedger()
    async with running(ledger) as processor:
        await ledger.apply(layout("cam1"))
        gets = ledger.gets
        await ledger.until(lambda: ledger.gets > gets)
        async with FakeCamera(processor) as camera:
            await camera.show("ovov", times=1)


async def test_a_removed_camera_is_told_so(processor: Processor, ledger: FakeLedger) -> None:
    async with FakeCamera(processor) as camera:
        await camera.show("ovov", times=1)
        await ledger.apply(layout("other"))
        status, detail = await end_of(camera)
    assert status is grpc.StatusCode.NOT_FOUND
    assert "camera 'cam1' is in no applied layout" in detail


async def test_events_missed_by_the_watch_are_read(ledger: FakeLedger) -> None:
    async with running(ledger) as processor, FakeCamera(processor) as camera:
        await ledger.apply(layout("cam1", name="renamed"))
        await ledger.drop_history()
        await show_until(camera, ledger, "ovov", batches=1)
    assert ledger.view("cam1") == states("ovov")


async def test_what_the_ledger_gave_up_is_said_again(
    processor: Processor, ledger: FakeLedger
) -> None:
    gets = ledger.gets
    async with FakeCamera(processor) as camera:
        await camera.show("ovov")
        await ledger.until(lambda: len(ledger.applied) == 1)
        # The reading that every new stream asks for is over: what follows is due to the event.
        await ledger.until(lambda: ledger.gets > gets)
        await ledger.give_up("cam1")
        await show_until(camera, ledger, "ovov", batches=2)
    assert ledger.view("cam1") == states("ovov")


async def test_a_layout_that_comes_while_a_frame_is_in_work(ledger: FakeLedger) -> None:
    classifier = GatedClassifier()
    async with running(ledger, classifier=classifier) as processor, FakeCamera(processor) as camera:
        await camera.send_frame(picture("ovov"))
        await classifier.wait_inside()
        await ledger.apply(layout("cam1", spots=(0, 1)))
        gets = ledger.gets
        await ledger.until(lambda: ledger.gets > gets)
        classifier.gate.set()
        ack = await camera.read_ack()
        assert ack.outcome == wire.FRAME_OUTCOME_FAILED
        assert "layout changed" in ack.detail
        await camera.show("ovov")
        await ledger.until(lambda: len(ledger.applied) == 1)
    assert [d.spot_id for d in ledger.applied[0].detections] == ["A1", "A2"]


async def test_a_correction_waits_for_the_batch_under_way(
    processor: Processor, ledger: FakeLedger
) -> None:
    async with FakeCamera(processor) as camera:
        await camera.show("oooo")
        await ledger.until(lambda: len(ledger.applied) == 1)
        await ledger.hold_appends(hold=True)
        await camera.show("vooo")
        gets = ledger.gets
        await ledger.give_up("cam1")
        await ledger.until(lambda: ledger.gets > gets)
        await ledger.hold_appends(hold=False)
        await ledger.until(lambda: len(ledger.applied) == 2)
        await show_until(camera, ledger, "vooo", batches=3)
    assert ledger.view("cam1") == states("vooo")


class Following:
    """A directory that follows the ledger, alone: `async with`."""

    def __init__(self, ledger: FakeLedger, how: DirectorySettings | None = None) -> None:
        self.directory = Directory(ledger, how or settings().directory)
        self._changed = asyncio.Event()
        self.directory.on_change = lambda _cameras: self._changed.set()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.directory.run())
        await self.directory.ready.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def entry(self, camera_id: str = "cam1") -> CameraEntry:
        entry = self.directory.entry(camera_id)
        assert entry is not None
        return entry

    async def until(self, holds: Callable[[CameraEntry], bool], *, camera_id: str = "cam1") -> None:
        async with asyncio.timeout(DEADLINE):
            while not holds(self.entry(camera_id)):
                await self._changed.wait()
                self._changed.clear()


def said(spot_id: str, sequence: int) -> DetectionBatch:
    """What another processor might commit in the camera's name."""
    key = IdempotencyKey("cam1", "elsewhere", sequence)
    return DetectionBatch(key, 1, 1, "m", (Detection(spot_id, OCCUPIED, 9000),))


async def test_a_layout_behind_a_gap_is_read_all_the_same(ledger: FakeLedger) -> None:
    async with Following(ledger) as following:
        await ledger.apply(layout("cam1", name="renamed"))
        await ledger.drop_history()
        await following.until(lambda entry: entry.layout_version == 2)


async def test_only_news_make_the_ledger_be_read_again(ledger: FakeLedger) -> None:
    async with Following(ledger) as following:
        following.directory.is_news = lambda change: change.spot_id == "A3"
        gets = ledger.gets
        for sequence, spot_id in enumerate(("A1", "A2", "A3"), start=1):
            await ledger.append(said(spot_id, sequence))
        await following.until(lambda entry: entry.held["A3"] is OCCUPIED)
        assert ledger.gets == gets + 1
        assert following.entry().held == states("ooou")


async def test_only_the_lot_in_question_is_read_again(ledger: FakeLedger) -> None:
    await ledger.apply(replace(layout("other"), lot_id="elsewhere"))
    async with Following(ledger) as following:
        following.directory.refresh(following.entry().lot_id)
        await following.until(lambda _entry: ledger.gets == 2)
        await ledger.apply(layout("cam1", name="renamed"))
        await following.until(lambda entry: entry.layout_version == 2)
    assert ledger.readings == [((), True), (("north",), False), (("north",), True)]


async def test_every_lot_has_its_turn_and_layouts_are_read_once() -> None:
    ledger, lots = FakeLedger(), [f"lot-{number:02}" for number in range(45)]
    for lot_id in lots:
        await ledger.apply(replace(layout(f"camera-of-{lot_id}"), lot_id=lot_id))
    often = DirectorySettings(refresh_seconds=0.3, min_seconds=0.001)
    async with Following(ledger, often) as following:
        await following.until(
            lambda _entry: len({lot_id for asked, _ in ledger.readings for lot_id in asked}) == 45,
            camera_id="camera-of-lot-00",
        )
    first, *others = ledger.readings
    assert first == ((), True)
    assert not any(with_layouts for _, with_layouts in others)
    turns = [lot_id for asked, _ in others for lot_id in asked]
    assert sorted(turns[: len(lots)]) == lots, "none twice before all once"
    assert max(len(asked) for asked, _ in others) <= 8


async def test_a_ledger_that_is_away_is_asked_until_it_answers() -> None:
    ledger = FakeLedger()
    await ledger.set_away(away=True)
    directory = Directory(ledger, settings().directory)
    task = asyncio.create_task(directory.run())
    await ledger.apply(layout("cam1"))
    assert not directory.ready.is_set()
    await ledger.set_away(away=False)
    async with asyncio.timeout(DEADLINE):
        await directory.ready.wait()
    task.cancel()
    assert directory.entry("cam1") is not None
