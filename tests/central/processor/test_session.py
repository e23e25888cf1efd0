"""One camera's session: what it takes from frames and from the ledger."""

from dataclasses import replace

import pytest

from central.ledger.records import CameraCondition, CameraReport, DetectionBatch, Occupancy
from central.processor.evidence import EvidenceSettings
from central.processor.frames import CLASSIFIED, CameraWord, Frame, Outcome, Verdict
from central.processor.known_lots import CameraEntry
from central.processor.scores import Scores
from central.processor.session import CameraSession, SessionSettings
from central.processor.silence import Silence
from models.strips import Cut
from tests.central.processor.fake_classifier import BrightnessClassifier
from tests.central.processor.harness import layout, states

SETTINGS = SessionSettings(
    evidence=EvidenceSettings(occupied_above=0.7, vacant_below=0.3, enter_seconds=0.1),
    spec=BrightnessClassifier.spec,
    model="m",
    processor_boot_id="p",
)


def entry(held: str, *, lot_id: str = "north", version: int = 1, index: int = 1) -> CameraEntry:
    return CameraEntry(lot_id, version, layout("cam1").cameras[0], states(held), index)


def session(held: str) -> CameraSession:
    return CameraSession(entry(held), SETTINGS, Silence(after=10.0, now=0.0))


def frame(sequence: int) -> Frame:
    return Frame(sequence, sequence * 1_000_000, 4, 3, b"")


def test_a_camera_that_moved_to_another_lot_begins_again_even_at_the_same_version() -> None:
    one = session("oooo")
    before = one.view
    assert one.adopt(entry("uuuu", lot_id="south", index=2))
    assert one.view is not before
    one.observe("b", frame(1), one.view, Scores((1.0, 1.0, 1.0, 1.0)), now=1.0)
    batch = one.beliefs.take()
    assert batch is not None
    assert len(batch.detections) == 4


def test_silence_speaks_in_the_processors_name_and_counts() -> None:
    one = session("oouu")
    for count in (1, 2):
        one.fall_silent(at_us=77)
        batch = one.beliefs.take()
        assert batch is not None
        assert (batch.key.boot_id, batch.key.sequence) == ("p", count)
        assert {d.occupancy for d in batch.detections} == {Occupancy.UNKNOWN}
        one.beliefs.committed(count)
        seen = one.observe("b", frame(count), one.view, Scores((1.0, 1.0, 1.0, 1.0)), now=20.0)
        assert seen == CLASSIFIED  # and nothing doubtful
        assert not one.silence.silent
        one.beliefs.take()
        one.beliefs.committed(count)


def test_silence_of_what_is_unknown_already_is_said_of_the_camera_alone() -> None:
    one = session("uuuu")
    one.fall_silent(at_us=20_000_077)
    batch = committed(one)
    assert batch.detections == ()
    assert batch.camera == CameraReport(CameraCondition.SILENT, 10_000_077, "no frame for 10 s")


def committed(one: CameraSession) -> DetectionBatch:
    """Let the ledger take what is believed next."""
    batch = one.beliefs.take()
    assert batch is not None
    one.beliefs.committed(1)
    return batch


FROZEN = CameraWord(CameraReport(CameraCondition.FROZEN, 500, "no change for 60 s"), number=2)
WELL = CameraWord(CameraReport(CameraCondition.OK, 900), number=3)
OCCUPIED = Scores((1.0, 1.0, 1.0, 1.0))


def test_a_cameras_complaint_makes_its_spots_unknown_and_its_frames_are_not_looked_at() -> None:
    one = session("ooov")
    assert one.distrusted is None
    one.hear(FROZEN, now=1.0)
    batch = committed(one)
    assert {d.occupancy for d in batch.detections} == {Occupancy.UNKNOWN}
    assert (batch.camera, batch.captured_at_us) == (FROZEN.report, 500)
    answer = one.observe("b", frame(1), one.view, OCCUPIED, now=30.0)
    assert answer == Verdict(Outcome.DISTRUSTED, "the camera says frozen: no change for 60 s")
    assert one.beliefs.take() is None
    assert one.silence.since(30.0) == 0.0
    assert one.tally.fault == answer.detail


def test_that_all_is_well_is_said_by_the_next_good_frame() -> None:
    one = session("oooo")
    one.hear(FROZEN, now=1.0)
    committed(one)
    one.hear(WELL, now=2.0)
    assert one.beliefs.take() is None
    one.observe("b", frame(7), one.view, OCCUPIED, now=3.0)
    batch = committed(one)
    assert batch.camera is not None
    assert batch.camera.condition is CameraCondition.OK
    assert {d.occupancy for d in batch.detections} == {Occupancy.OCCUPIED}


def test_a_complaint_said_again_after_a_reconnection_is_not_committed_again() -> None:
    one = session("oooo")
    one.hear(FROZEN, now=1.0)
    committed(one)
    one.hear(FROZEN, now=2.0)
    assert one.beliefs.take() is None


def test_what_the_ledger_holds_of_a_silent_source_is_put_right_without_a_frame() -> None:
    """The primary gave the camera up while its processor was away; its source is still lost."""
    one = session("uuuu")
    one.hear(FROZEN, now=1.0)
    committed(one)
    given_up = CameraReport(CameraCondition.SILENT, 600, "nobody vouches for it")
    assert one.adopt(replace(entry("uuuu", index=2), report=given_up))
    assert committed(one).camera == FROZEN.report


def test_another_boot_does_not_inherit_the_complaint() -> None:
    one = session("oooo")
    one.hear(FROZEN, now=1.0)
    one.new_boot()
    assert one.distrusted is None


def test_a_corrupt_frame_is_no_sign_of_life() -> None:
    one = session("oooo")
    one.observe("b", frame(1), one.view, Verdict(Outcome.CORRUPT, "grey"), now=9.0)
    assert one.silence.since(10.0) == 10.0
    assert one.tally.fault == "grey"


def test_what_was_doubtful_is_told_with_the_answer() -> None:
    one = session("oooo")
    seen = one.observe("b", frame(1), one.view, Scores((0.9, 0.5), (1, 3)), now=1.0)
    assert seen == Verdict(Outcome.CLASSIFIED, doubtful=(1, 3))
    seen = one.observe("b", frame(2), one.view, Scores((0.99, 0.5, 0.0, 1.0)), now=2.0)
    assert seen.doubtful == (1,)


@pytest.mark.parametrize(
    ("strips", "differs", "watched"),
    [(True, False, True), (False, True, True), (False, False, False)],
)
def test_a_quiet_lot_is_watched_unless_its_picture_stands_still(
    strips: bool, differs: bool, watched: bool
) -> None:
    """A car that scores 0.4 is believed where it was seen to come, not where a picture jumped.

    Of strips the camera compared them, of whole pictures whose scores are reused the processor.
    """
    one = session("vvvv")

    def show(sequence: int, score: float, *, news: bool) -> None:
        places = (0, 1, 2, 3) if news else ()
        cut = Cut(one.view.plan_id, places) if strips else None
        scores = (
            Scores((score,) * len(places), places)
            if strips
            else Scores((score,) * 4, differs=differs)
        )
        said = one.observe("b", replace(frame(sequence), cut=cut), one.view, scores, now=sequence)
        assert said.outcome is Outcome.CLASSIFIED

    for sequence in range(1, 101):
        show(sequence, 0.01, news=sequence == 1)
    for sequence in range(101, 121):
        show(sequence, 0.4, news=sequence == 101)
    batch = one.beliefs.take()
    assert (batch is not None and len(batch.detections) == 4) is watched
