"""One camera's session: what it takes from frames and from the ledger."""

from central.ledger.records import Occupancy
from central.processor.debounce import DebounceSettings
from central.processor.directory import CameraEntry
from central.processor.frames import CLASSIFIED, Frame, Outcome, Verdict
from central.processor.pipeline import Scores
from central.processor.session import CameraSession, SessionSettings
from central.processor.silence import Silence
from tests.central.processor.fake_classifier import BrightnessClassifier
from tests.central.processor.harness import layout, states

SETTINGS = SessionSettings(
    debounce=DebounceSettings(occupied_above=0.7, vacant_below=0.3, enter_observations=1),
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
        assert seen == CLASSIFIED
        assert not one.silence.silent
        one.beliefs.take()
        one.beliefs.committed(count)


def test_silence_of_what_is_unknown_already_says_nothing() -> None:
    one = session("uuuu")
    one.fall_silent(at_us=77)
    assert one.beliefs.take() is None


def test_a_corrupt_frame_is_no_sign_of_life() -> None:
    one = session("oooo")
    one.observe("b", frame(1), one.view, Verdict(Outcome.CORRUPT, "grey"), now=9.0)
    assert one.silence.since(10.0) == 10.0
    assert one.tally.fault == "grey"
