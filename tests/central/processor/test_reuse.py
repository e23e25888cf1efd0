"""Frames of which only what changed is classified: the same scores, and the same in a replay."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from central.processor.camera_view import CameraView
from central.processor.evidence import EvidenceSettings
from central.processor.frames import Frame, Outcome, Verdict
from central.processor.known_lots import CameraEntry
from central.processor.looks import Looks, ReuseSettings
from central.processor.metrics import Metrics
from central.processor.pipeline import classify
from central.processor.recording import Recordings, read_recording
from central.processor.replay import Replay
from central.processor.scores import Scores
from central.processor.session import CameraSession, SessionSettings
from central.processor.silence import Silence
from edge.encode import Colour, encode_patches
from models.patches import PatchCutter
from models.strips import Cut
from tests.central.processor.fake_classifier import BrightnessClassifier
from tests.central.processor.harness import HEIGHT, WIDTH, decoded_picture, layout, states

SECOND = 1_000_000
SPEC = BrightnessClassifier.spec


class Counting(BrightnessClassifier):
    """Sure of what is bright or dark; notes how many patches it was given, call by call."""

    def __init__(self) -> None:
        self.given: list[int] = []

    def probabilities(self, patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        self.given.append(len(patches))
        odds = 10.0 * (super().probabilities(patches) - 0.5)
        return np.asarray(1.0 / (1.0 + np.exp(-odds)), np.float32)


def view() -> CameraView:
    return CameraView(layout("cam1").cameras[0], layout_version=1, spec=SPEC)


def noisy(state: str, seed: int) -> npt.NDArray[np.uint8]:
    """Return the lot as a camera sees it: never twice the same."""
    noise = np.random.default_rng(seed).integers(-4, 5, (HEIGHT, WIDTH, 3))
    return np.asarray(np.clip(decoded_picture(state) + noise, 0, 255), np.uint8)


def jpeg(state: str, seed: int) -> bytes:
    return cv2.imencode(".jpg", noisy(state, seed))[1].tobytes()


def frame(state: str, sequence: int) -> Frame:
    return Frame(sequence, sequence * SECOND, WIDTH, HEIGHT, jpeg(state, sequence))


def strip(state: str, sequence: int, places: tuple[int, ...], fine: tuple[int, ...] = ()) -> Frame:
    polygons = [region.polygon for region in layout("cam1").cameras[0].regions]
    cutter = PatchCutter(polygons, width=WIDTH, height=HEIGHT, spec=SPEC)
    patches = cutter.sample(noisy(state, sequence))
    coarse = [place for place in places if place not in fine]
    parts = [
        encode_patches(patches[list(some)], quality=90, colour=Colour.FULL)
        for some in (coarse, fine)
    ]
    cut = Cut(1, places, fine, len(parts[0]) if fine else 0)
    return Frame(sequence, sequence * SECOND, WIDTH, HEIGHT, b"".join(parts), cut=cut)


def begun(spots: int = 4) -> Looks:
    looks = Looks.begin(ReuseSettings(), spots)
    assert looks is not None
    return looks


def seen(classifier: Counting, frame: Frame, looks: Looks) -> tuple[Scores, Looks]:
    scores = classify(classifier, view(), frame, looks)
    assert isinstance(scores, Scores), scores
    assert scores.looks is not None
    return scores, scores.looks


def test_only_what_changed_is_classified_and_scores_as_it_would_anyway() -> None:
    classifier, looks = Counting(), begun()
    scores, looks = seen(classifier, frame("ovov", 1), looks)
    assert (scores.classified, scores.reused, scores.differs) == (4, 0, True)
    first = scores.probabilities
    scores, looks = seen(classifier, frame("ovov", 2), looks)
    assert (scores.classified, scores.reused, scores.differs) == (0, 4, True)
    assert list(scores.probabilities) == list(first), "to the last bit"
    scores, looks = seen(classifier, frame("oovv", 3), looks)
    assert (scores.classified, scores.reused) == (2, 2)
    assert scores.probabilities == pytest.approx((1, 1, 0, 0), abs=0.03)
    assert classifier.given == [4, 2]


def test_a_picture_that_stands_still_is_told_from_one_that_only_looks_alike() -> None:
    looks = begun()
    still = frame("ovov", 1)
    _, looks = seen(Counting(), still, looks)
    scores, looks = seen(Counting(), replace(still, captured_at_us=2 * SECOND), looks)
    assert not scores.differs
    scores, looks = seen(Counting(), frame("ovov", 3), looks)
    assert scores.differs


def test_strips_and_frames_are_compared_with_one_another() -> None:
    classifier, looks = Counting(), begun()
    scores, looks = seen(classifier, strip("ovov", 1, (0, 2)), looks)
    scores, looks = seen(classifier, frame("ovov", 2), looks)
    scores, looks = seen(classifier, strip("ovoo", 3, (0, 1, 3)), looks)
    assert scores.places == (0, 1, 3)
    assert scores.probabilities == pytest.approx((1, 0, 1), abs=0.03)
    assert classifier.given == [2, 2, 1]


def test_a_better_look_that_was_asked_for_is_always_taken() -> None:
    classifier, looks = Counting(), begun()
    _, looks = seen(classifier, strip("ovov", 1, (0, 1, 2, 3)), looks)
    scores, looks = seen(classifier, strip("ovov", 2, (0, 1, 2, 3), fine=(0, 2)), looks)
    assert (scores.classified, scores.reused) == (2, 2)
    assert scores.probabilities == pytest.approx((1, 0, 1, 0), abs=0.03)


def test_nothing_is_reused_unless_there_is_something_to_compare_with() -> None:
    classifier = Counting()
    for sequence in (1, 2):
        scores = classify(classifier, view(), frame("ovov", sequence))
        assert isinstance(scores, Scores)
        assert (scores.classified, scores.looks) == (4, None)
    assert classifier.given == [4, 4]


# ---- of a session, and its replay ----------------------------------------------------------------


def session(folder: Path, metrics: Metrics | None = None) -> CameraSession:
    entry = CameraEntry("north", 1, layout("cam1").cameras[0], states("uuuu"), 1)
    settings = SessionSettings(
        evidence=EvidenceSettings(occupied_above=0.7, vacant_below=0.3),
        spec=SPEC,
        model="m",
        processor_boot_id="p",
        metrics=metrics or Metrics(),
        recordings=Recordings(folder, 10**9),
    )
    return CameraSession(entry, settings, Silence(after=10.0, now=0.0))


Said = tuple[int, str, str, int]


def show(one: CameraSession, shown: Frame) -> list[Said]:
    """Let a session take a frame as its stream does; return what it says."""
    result = classify(Counting(), one.view, shown, one.looks)
    one.observe("b", shown, one.view, result, now=float(shown.sequence))
    batch = one.beliefs.take()
    if batch is None:
        return []
    one.beliefs.committed(shown.sequence)
    return [(shown.sequence, d.spot_id, d.occupancy.name, d.confidence) for d in batch.detections]


def scenes(rng: np.random.Generator) -> Iterator[Frame]:
    """Yield frames, strips, and frames that are none, of a lot in which something goes on."""
    state = list("ovov")
    for sequence in range(1, 241):
        if sequence % 8 == 0:
            spot = rng.integers(4)
            state[spot] = "u" if rng.random() < 0.1 else "v" if state[spot] == "o" else "o"
        if rng.random() < 0.5:
            yield frame("".join(state), sequence)
        elif rng.random() < 0.1:
            yield replace(frame("".join(state), sequence), jpeg=b"nothing")
        else:
            places = tuple(np.flatnonzero(rng.random(4) < 0.7).tolist())
            fine = tuple(place for place in places if rng.random() < 0.2)
            yield strip("".join(state), sequence, places, fine)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_replay_reuses_what_was_reused_live(tmp_path: Path, seed: int) -> None:
    rng, metrics = np.random.default_rng(seed), Metrics()
    one, live = session(tmp_path, metrics), []
    for shown in scenes(rng):
        if shown.sequence == 80:
            one.new_boot()
        if shown.sequence == 160:  # the same regions in another version
            entry = CameraEntry("north", 2, layout("cam1").cameras[0], states("uuuu"), 200)
            assert one.adopt(entry)
        if shown.sequence == 200:  # the worker had a view that is no longer in use
            before = one.looks
            one.observe("b", shown, view(), Scores((0.0,) * 4), now=200.0)
            assert one.looks is before
        live += show(one, shown)
    one.close()
    (file,) = tmp_path.iterdir()
    again = [
        (r.sequence, r.detection.spot_id, r.detection.occupancy.name, r.detection.confidence)
        for r in Replay(layout("cam1"), Counting()).run(read_recording(file))
    ]
    assert again == live
    assert len(live) > 20
    text = metrics.text(streaming=1)
    counts = {
        line.split('"')[1]: int(line.split()[-1])
        for line in text.splitlines()
        if line.startswith("parkledger_processor_patches_total")
    }
    assert counts["reused"] > 100
    assert counts["classified"] > 100


def test_recordings_of_before_are_replayed_as_they_were_decided(tmp_path: Path) -> None:
    one = session(tmp_path)
    for sequence in (1, 2, 3):
        show(one, frame("ovov", sequence))
    one.close()
    (file,) = tmp_path.iterdir()
    classifier = Counting()
    old = [
        replace(record, what={key: record.what[key] for key in record.what if key != "reuse"})
        for record in read_recording(file)
    ]
    assert list(Replay(layout("cam1"), classifier).run(old))
    assert classifier.given == [4, 4, 4]


def test_a_frame_that_comes_to_nothing_changes_nothing(tmp_path: Path) -> None:
    one = session(tmp_path)
    show(one, frame("ovov", 1))
    before = one.looks
    verdict = classify(Counting(), one.view, frame("vovo", 2), before)
    assert isinstance(verdict, Scores), "made, but never observed"
    show(one, Frame(3, 3 * SECOND, WIDTH, HEIGHT, b"nothing"))
    assert one.looks is before
    again = classify(Counting(), one.view, frame("ovov", 4), one.looks)
    assert not isinstance(again, Verdict)
    assert again.reused == 4


def test_of_two_frames_in_work_at_once_one_counts(tmp_path: Path) -> None:
    one = session(tmp_path)
    show(one, frame("ovov", 1))
    frames = [frame("vovo", 2), frame("oooo", 3)]
    results = [classify(Counting(), one.view, shown, one.looks) for shown in frames]
    said = [
        one.observe("b", shown, one.view, result, now=shown.sequence).outcome
        for shown, result in zip(frames, results, strict=True)
    ]
    assert said == [Outcome.CLASSIFIED, Outcome.FAILED]
    assert isinstance(results[0], Scores)
    assert one.looks is results[0].looks


@pytest.mark.parametrize("kept", [True, False])
def test_other_regions_and_other_boots_begin_anew(tmp_path: Path, kept: bool) -> None:
    one = session(tmp_path)
    show(one, frame("ovov", 1))
    spots = range(4) if kept else (1, 3)
    camera = layout("cam1", spots=spots).cameras[0]
    held = {region.spot_id: states("uuuu")["A1"] for region in camera.regions}
    one.adopt(CameraEntry("north", 2, camera, held, 2))
    result = classify(Counting(), one.view, frame("ovov", 2), one.looks)
    assert isinstance(result, Scores)
    assert (result.reused == 4) is kept
    one.new_boot()
    result = classify(Counting(), one.view, frame("ovov", 3), one.looks)
    assert isinstance(result, Scores)
    assert result.reused == 0
