"""From a data folder to a model file, all steps in small."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the extra 'train' only")

from models.calibration import sigmoid  # noqa: E402
from models.classifier import SpotClassifier  # noqa: E402
from models.corpus import SOURCES, Samples  # noqa: E402
from models.learning import Settings  # noqa: E402
from models.leave_one_out import (  # noqa: E402
    MEAN,
    Answers,
    Calibration,
    ask,
    calibrate,
    read,
    table,
    write,
)
from models.metrics import Thresholds, balanced_accuracy  # noqa: E402
from models.pool import Pool, Portion  # noqa: E402
from models.quantise import load, spread  # noqa: E402
from models.recipe import EDGED_SHARE, LATE_SHARES, RENDERED_SHARE, SPEC  # noqa: E402
from models.rendered_lot import Kind  # noqa: E402
from models.splits import Part  # noqa: E402
from models.train import write_model  # noqa: E402
from models.workshop import (  # noqa: E402
    PARKED_KEPT,
    STRIPS_SHARE,
    TRAINING,
    Lesson,
    Plan,
    as_served,
    fit,
    prepare,
    progress_bar,
    thinned,
    through_strips,
    undisturbed,
)

from .lot_data import make_data  # noqa: E402

PORTIONS = (
    *(Portion(source, source, 120) for source in SOURCES),
    Portion("acpds", "acpds", 80, composed=True),
)
CALIBRATION = Calibration(1.3, Thresholds(0.75, 0.25))


def test_a_small_training_run_gives_a_working_model(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    data = make_data(tmp_path / "data")
    plan = Plan(2, PORTIONS, TRAINING, SPEC, "0" * 64)
    settings = Settings(seed=2, steps=60, batch=32, rate=0.004, spec=SPEC, polish=20)
    shares = dict.fromkeys(SOURCES, 0.25)
    with progress_bar() as progress:
        pools = prepare(data, tmp_path / "work", plan, workers=1, progress=progress)
        seen = [as_served(pool, 2) for pool in pools]
        lesson = Lesson(seen, undisturbed(load(data, TRAINING, SPEC), seed=2), shares)
        checkpoint = tmp_path / "checkpoint"
        weights = fit(lesson, settings, checkpoint, "0", progress, name="training")
        again = fit(lesson, settings, checkpoint, "0", progress, name="training")
    for name, value in weights.items():
        np.testing.assert_array_equal(again[name], value)  # the checkpoint was the end
    patches = spread(load(data, [Part.CALIBRATION], SPEC))
    out = tmp_path / "model.onnx"
    write_model(out, weights, CALIBRATION, "0" * 64, patches)
    classifier = SpotClassifier.load(out)
    assert classifier.thresholds == CALIBRATION.thresholds
    assert out.stat().st_size < 1_000_000
    held_out = load(data, [Part.VALIDATION], SPEC)
    answers = classifier.probabilities(np.concatenate([one.patches for one in held_out]))
    occupied = np.concatenate([one.occupied for one in held_out])
    assert balanced_accuracy(answers.astype(np.float64), occupied) >= 0.9
    asked = ask(weights, held_out, "0" * 64)
    assert len(asked.logits) == len(asked.occupied) == len(occupied)
    assert balanced_accuracy(sigmoid(asked.logits), occupied) >= 0.9


def answers(seed: int, steepness: float) -> Answers:
    rng = np.random.default_rng(seed)
    honest = rng.normal(0.0, 3.0, 5000)
    occupied = rng.random(5000) < 1.0 / (1.0 + np.exp(-honest))
    return Answers(honest * steepness, occupied)


def test_each_source_is_calibrated_by_the_others() -> None:
    found = {"a": answers(1, 2.0), "b": answers(2, 2.0), "c": answers(3, 2.0)}
    assert calibrate(found).temperature == pytest.approx(2.0, rel=0.1)
    rows = table(found)
    assert list(rows) == ["a", "b", "c", MEAN]
    assert max(row.ece for row in rows.values()) < 0.03
    # A source that is far too sure of itself is not made honest by its own answers.
    strange = table({**found, "d": answers(4, 20.0)})
    assert strange["d"].ece > 0.04


def test_a_calibration_is_read_as_written(tmp_path: Path) -> None:
    rows = table({"a": answers(1, 2.0), "b": answers(2, 2.0)})
    write(tmp_path / "c.json", CALIBRATION, rows)
    assert read(tmp_path / "c.json") == CALIBRATION


def test_the_undisturbed_pool_is_balanced_and_leaves_out_what_is_hidden() -> None:
    """A crowded frame's spots are drawn less often than their number says."""
    shape = SPEC.shape
    states = np.arange(90) % 2 == 0

    def frame(tone: int, count: int, *, hidden: bool = False) -> Samples:
        patches = np.full((count, *shape), tone, dtype=np.uint8)
        return Samples("pklot", Part.TRAIN, patches, states[:count], np.full(count, hidden))

    (pool,) = undisturbed([frame(10, 90), frame(20, 10), frame(30, 50, hidden=True)], seed=1)
    tones = pool.patches[:, 0, 0, 0]
    assert pool.occupied.mean() == 0.5
    assert set(np.unique(tones)) == {10, 20}
    assert 0.68 < np.mean(tones == 10) < 0.82  # sqrt(90) to sqrt(10), not 9 to 1


def test_a_thinned_pool_keeps_every_empty_spot_and_a_share_of_the_others() -> None:
    states = (np.arange(2000) % 2 == 0).astype(np.float32)
    numbers = np.arange(2000, dtype=np.uint16).view(np.uint8).reshape(2000, 1, 1, 2)
    pool = Pool(Portion("pklot", "pklot", 2000, composed=True), numbers, states)
    kept = thinned(pool, 1)
    assert (kept.occupied < 0.5).sum() == 1000
    assert (kept.occupied > 0.5).mean() == pytest.approx(
        PARKED_KEPT / (1.0 + PARKED_KEPT), abs=0.02
    )
    patches = np.ascontiguousarray(kept.patches).view(np.uint16).ravel()
    assert np.array_equal(patches % 2 == 0, kept.occupied > 0.5)


def test_a_share_of_the_samples_goes_through_a_jpeg_of_its_own() -> None:
    patches = np.random.default_rng(3).integers(60, 200, (300, *SPEC.shape), dtype=np.uint8)
    pool = Pool(Portion("pklot", "pklot", 300), patches, np.zeros(300, dtype=np.float32))
    seen = through_strips(pool, 1)
    changed = (seen.patches != patches).any(axis=(1, 2, 3))
    assert changed.mean() == pytest.approx(STRIPS_SHARE, abs=0.08)
    assert np.abs(seen.patches.astype(int) - patches).mean() < 40
    np.testing.assert_array_equal(through_strips(pool, 1).patches, seen.patches)


def empty_spots(source: str) -> Pool:
    patches = np.zeros((4, *SPEC.shape), dtype=np.uint8)
    return Pool(Portion(source, source, 4), patches, np.zeros(4, dtype=np.float32))


def test_a_lesson_mixes_plain_patches_in_as_often_as_it_says() -> None:
    both = [empty_spots("acpds"), empty_spots("pklot")]
    lesson = Lesson(both, both, {"acpds": 0.8, "pklot": 0.2}, (0.0, 0.5))
    before, polish, late = lesson.mixtures()
    np.testing.assert_allclose(before.shares, [0.8, 0.2, 0.0, 0.0])
    np.testing.assert_allclose(polish.shares, [0.4, 0.1, 0.4, 0.1])
    np.testing.assert_allclose(late.shares, polish.shares)


def test_rendered_spots_come_while_polishing_and_take_alike_from_all() -> None:
    """The ordinary ones first; at the end all kinds, and plain patches cut at an edge."""
    both, edged = [empty_spots("acpds"), empty_spots("pklot")], [empty_spots("acpds")]
    drawn = {kind: empty_spots("rendered") for kind in Kind}
    shares = {"acpds": 0.8, "pklot": 0.2}
    lesson = Lesson(both, both, shares, (0.0, 0.5), edged=edged, rendered=drawn)
    before, polish, late = lesson.mixtures()
    for mixture in (before, polish, late):
        assert mixture.shares.sum() == pytest.approx(1.0)
    assert not before.shares[2:].any()
    rest = (1.0 - RENDERED_SHARE) * 0.5
    np.testing.assert_allclose(
        polish.shares, [0.8 * rest, 0.2 * rest, 0.8 * rest, 0.2 * rest, 0.0, RENDERED_SHARE]
    )
    assert polish.pools[-1] is drawn[Kind.ORDINARY]
    rest = (1.0 - sum(LATE_SHARES.values())) * 0.5
    np.testing.assert_allclose(late.shares[:2], [0.8 * rest, 0.2 * rest])
    np.testing.assert_allclose(late.shares[2:4], (1.0 - EDGED_SHARE) * late.shares[:2])
    np.testing.assert_allclose(late.shares[4], EDGED_SHARE * rest)
    np.testing.assert_allclose(late.shares[5:], list(LATE_SHARES.values()))
    assert late.pools[5:] == [drawn[kind] for kind in LATE_SHARES]
