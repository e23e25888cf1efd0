"""Recordings and their replay: live and again the same, what is stored, and damage."""

import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from central.layout.toml_writer import format_layout
from central.ledger.records import Occupancy
from central.processor.recording import MAGIC, Recorder, read_recording
from central.processor.replay import Replay
from node.errors import UsageError
from tests.central.processor.fake_camera import FakeCamera
from tests.central.processor.fake_classifier import BrightnessClassifier
from tests.central.processor.fake_ledger import FakeLedger
from tests.central.processor.harness import layout, running, settings
from tests.command_line import Runner

SHOWN = ("ovov", "ovvv", "uuuu", "oooo", "vovo")


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def record(ledger: FakeLedger, folder: Path, *, limit: int = 10**9) -> Path:
    """Let a camera stream to a processor that records; return the recording."""
    recording = replace(settings(), record=folder, record_bytes=limit)
    async with running(ledger, recording) as processor, FakeCamera(processor) as camera:
        for state in SHOWN:
            await camera.show(state, times=5)
        await camera.finish()
    (file,) = files(folder)
    return file


def said(file: Path) -> list[tuple[int, str, Occupancy, int]]:
    """Return what a replay of the file says."""
    replay = Replay(layout("cam1"), BrightnessClassifier())
    return [
        (one.sequence, one.detection.spot_id, one.detection.occupancy, one.detection.confidence)
        for one in replay.run(read_recording(file))
    ]


async def test_a_replay_says_what_was_said_live(ledger: FakeLedger, tmp_path: Path) -> None:
    file = await record(ledger, tmp_path / "kept")
    live = {
        (batch.key.sequence, d.spot_id, d.occupancy, d.confidence)
        for batch in ledger.applied
        for d in batch.detections
    }
    again = said(file)
    # What changed there and back before it could be sent is in the replay alone.
    assert live <= set(again)
    assert len(live) >= 8
    assert said(file) == again


async def test_strips_of_one_picture_and_of_two_are_replayed(
    ledger: FakeLedger, tmp_path: Path
) -> None:
    recording = replace(settings(), record=tmp_path / "kept")
    async with (
        running(ledger, recording) as processor,
        FakeCamera(processor, cuts_strips=True) as camera,
    ):
        for state in SHOWN:
            for fine in ((), (1, 2), (0, 1, 2, 3)):
                await camera.send_strip(camera.welcome.plan, state, fine=fine)
        await camera.finish()
    (file,) = files(tmp_path / "kept")
    cuts = [one.frame.cut for one in read_recording(file) if one.what["kind"] == "frame"]
    assert [cut.fine for cut in cuts if cut] == [(), (1, 2), (0, 1, 2, 3)] * len(SHOWN)
    live = {
        (batch.key.sequence, d.spot_id, d.occupancy, d.confidence)
        for batch in ledger.applied
        for d in batch.detections
    }
    assert live
    assert live <= set(said(file))


async def test_what_is_stored_is_for_nobody_else(ledger: FakeLedger, tmp_path: Path) -> None:
    file = await record(ledger, tmp_path / "kept")
    assert file.stat().st_mode & 0o077 == 0
    assert file.name.startswith("cam1-")
    kinds = [one.what["kind"] for one in read_recording(file)]
    assert kinds.count("frame") == 5 * len(SHOWN)
    assert "start" in kinds


async def test_a_recording_ends_at_its_limit(ledger: FakeLedger, tmp_path: Path) -> None:
    file = await record(ledger, tmp_path / "kept", limit=30_000)
    assert file.stat().st_size <= 30_000 + len(MAGIC)
    assert 0 < sum(one.what["kind"] == "frame" for one in read_recording(file)) < 25


async def test_nothing_is_stored_unless_asked(ledger: FakeLedger, tmp_path: Path) -> None:
    async with running(ledger) as processor, FakeCamera(processor) as camera:
        await camera.show("ovov")
    assert files(tmp_path) == []


async def test_an_end_that_was_cut_off_is_left_out_and_damage_is_said(
    ledger: FakeLedger, tmp_path: Path
) -> None:
    file = await record(ledger, tmp_path / "kept")
    whole = file.read_bytes()
    count = len(list(read_recording(file)))
    file.write_bytes(whole[:-10])
    assert len(list(read_recording(file))) == count - 1
    file.write_bytes(whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:])
    with pytest.raises(UsageError, match="is damaged"):
        list(read_recording(file))
    file.write_bytes(b"something else")
    with pytest.raises(UsageError, match="is no recording"):
        list(read_recording(file))


async def test_another_layout_is_refused(ledger: FakeLedger, tmp_path: Path) -> None:
    file = await record(ledger, tmp_path / "kept")
    for wrong, message in (
        (layout("cam2"), "no camera 'cam1'"),
        (layout("cam1", spots=(0, 1)), "other spots"),
    ):
        with pytest.raises(UsageError, match=message):
            list(Replay(wrong, BrightnessClassifier()).run(read_recording(file)))


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"kind": "start", "evidence": {"foresight_seconds": 5.0}}, "setting 'foresight_seconds'"),
        ({"kind": "start", "reuse": {"patience": 5.0}}, "setting 'patience'"),
        ({"kind": "glimpse"}, "kind 'glimpse'"),
        ({"kind": "start", "evidence": {}}, "settings cannot be used .*occupied_above"),
        ({"kind": "start", "evidence": {"occupied_above": 1, "vacant_below": 2}}, "thresholds are"),
    ],
)
def test_what_another_version_recorded_is_refused_in_a_line(
    tmp_path: Path, what: dict[str, object], message: str
) -> None:
    meta = json.dumps(what).encode()
    file = tmp_path / "its.recording"
    file.write_bytes(MAGIC + struct.pack("<III", len(meta), 0, zlib.crc32(meta)) + meta)
    with pytest.raises(UsageError, match=f"its.recording: .*{message}"):
        list(read_recording(file))
    file.write_bytes(MAGIC.replace(b"1", b"2"))
    with pytest.raises(UsageError, match="newer version: this one does not know its format"):
        list(read_recording(file))


def test_a_disk_that_is_full_ends_the_recording_only(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    recorder = Recorder(blocked / "deeper.recording", limit_bytes=10**6)
    recorder.blind(5)
    recorder.blind(6)
    recorder.close()


async def test_the_command_gives_the_same_bytes_again(
    ledger: FakeLedger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = await record(ledger, tmp_path / "kept")
    lot = tmp_path / "lot.toml"
    lot.write_text(format_layout(layout("cam1")))
    run = Runner(capsys)
    # The shipped model on the test's pictures: what it says is its own affair, but always the same.
    first, again = (run("replay", file, "--layout", lot) for _ in range(2))
    assert first.code == again.code == 0
    assert first.out == again.out
    assert "was recorded with model" in first.err
    for line in first.out:
        assert set(json.loads(line)) >= {"camera", "spot", "occupancy", "sequence"}
    wrong = run("replay", lot, "--layout", lot)
    assert wrong.code == 2
    assert "is no recording" in wrong.err
