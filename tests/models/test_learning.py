"""The training loop on toy data: it learns, and a resumed run is the same run."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the extra 'train' only")

from models.learning import (  # noqa: E402
    Learner,
    Mixture,
    Settings,
    Targets,
    Task,
    batch,
    halve,
    halved,
    train,
    vary,
)
from models.patches import Image, PatchSpec  # noqa: E402
from models.pool import Pool, Portion  # noqa: E402

CPU = torch.device("cpu")
torch.set_num_threads(1)  # several threads on busy cores spend their time waiting for each other
SPEC = PatchSpec(32, 0.25, 1.8)


def toy_pool() -> Pool:
    """'Occupied' patches carry a bright block in the middle of each look."""
    rng = np.random.default_rng(1)
    patches = rng.integers(80, 120, (40, *SPEC.shape), dtype=np.uint8)
    for top in (0, 32):
        patches[20:, top + 8 : top + 24, 8:24] = 240
    occupied = np.repeat(np.array([0.0, 1.0], dtype=np.float32), 20)
    return Pool(Portion("acpds", "acpds", 40), patches, occupied)


def toy_data() -> Mixture:
    return Mixture([toy_pool()], np.ones(1))


def settings(steps: int, seed: int = 5) -> Settings:
    return Settings(seed=seed, steps=steps, batch=8, rate=0.01, spec=SPEC)


def test_the_loss_falls(tmp_path: Path) -> None:
    losses: list[float] = []
    train(
        Learner(settings(40), CPU),
        toy_data(),
        checkpoint=tmp_path / "c",
        fingerprint="toy",
        report=lambda _, loss: losses.append(loss),
    )
    assert len(losses) == 40
    assert np.mean(losses[-8:]) < 0.75 * np.mean(losses[:8])


def test_most_of_what_the_last_batches_change_is_kept(tmp_path: Path) -> None:
    learner = Learner(replace(settings(3), late=4), CPU)
    found: dict[int, dict[str, np.ndarray]] = {}

    def keep(step: int, _: float) -> None:
        found[step] = {key: value.numpy().copy() for key, value in learner.average.items()}

    train(learner, toy_data(), checkpoint=tmp_path / "c", fingerprint="f", report=keep)
    resumed = Learner(replace(settings(3), late=4), CPU)
    assert resumed.resume(tmp_path / "c", "f")
    for weights in (learner.weights(), resumed.weights()):
        for name, value in weights.items():
            kept = 0.12 * found[3][name] + 0.88 * found[7][name]
            np.testing.assert_allclose(value, kept, 1e-5, 1e-6)
    moved = [name for name in found[3] if not np.array_equal(found[3][name], found[7][name])]
    assert len(moved) > 5


def test_unequal_answers_to_a_patch_and_its_strip_count_while_polishing() -> None:
    patches, occupied = batch(toy_data(), settings(3), 0)

    def losses(steady: float, *, polish: int) -> list[float]:
        both = replace(settings(3 - polish), polish=polish)
        learner = Learner(both, CPU, Task(steady=steady))
        return [learner.learn(patches, occupied) for _ in range(3)]

    # The first batch meets the same weights, so only what is added tells the losses apart.
    assert losses(1e6, polish=3)[0] > losses(0.0, polish=3)[0] + 0.01
    assert losses(1.0, polish=3) == losses(1.0, polish=3)
    assert losses(1e6, polish=0) == losses(0.0, polish=0)
    assert losses(1e6, polish=1)[:2] == losses(0.0, polish=1)[:2]


def test_a_resumed_run_ends_with_the_same_weights(tmp_path: Path) -> None:
    data, checkpoint = toy_data(), tmp_path / "c"
    whole = Learner(settings(6), CPU)
    train(whole, data, checkpoint=tmp_path / "w", fingerprint="f", report=lambda *_: None)

    class Stopped(Exception):
        pass

    def stop(step: int, _: float) -> None:
        if step == 3:
            first.save(checkpoint, "f")
            raise Stopped

    first = Learner(settings(6), CPU)
    with pytest.raises(Stopped):
        train(first, data, checkpoint=checkpoint, fingerprint="f", report=stop)
    second = Learner(settings(6), CPU)
    assert second.resume(checkpoint, "f")
    assert second.step == 3
    train(second, data, checkpoint=checkpoint, fingerprint="f", report=lambda *_: None)
    for name, value in whole.weights().items():
        np.testing.assert_allclose(second.weights()[name], value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("seed", "fingerprint"), [(4, "f"), (5, "other data")])
def test_a_checkpoint_of_another_run_is_not_used(
    tmp_path: Path, seed: int, fingerprint: str
) -> None:
    checkpoint = tmp_path / "c"
    Learner(settings(6), CPU).save(checkpoint, "f")
    assert not Learner(settings(6, seed), CPU).resume(checkpoint, fingerprint)


def test_a_step_s_batch_depends_on_seed_and_step_alone() -> None:
    def draw(seed: int, step: int) -> bytes:
        patches, occupied = batch(toy_data(), settings(6, seed), step)
        return patches.tobytes() + occupied.tobytes()

    assert draw(1, 3) == draw(1, 3)
    assert len({draw(1, 3), draw(1, 4), draw(2, 3)}) == 3


def test_halving_averages_or_takes_every_other_pixel() -> None:
    wide = np.random.default_rng(2).integers(0, 256, (3, 8, 4, 3), dtype=np.uint8)
    blocks = wide.reshape(3, 4, 2, 2, 2, 3).astype(float)
    mean = np.floor(blocks.mean(axis=(2, 4)) + 0.5)
    seen = set()
    for seed in range(30):
        half = halve(wide, np.random.default_rng(seed))
        assert half.shape == (3, 4, 2, 3)
        taken = [wide[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]
        ways = [(half == mean).all(), *((half == one).all() for one in taken)]
        assert any(ways)
        seen.add(ways.index(True))
    assert seen == {0, 1, 2, 3, 4}


def test_a_halved_pool_keeps_its_order() -> None:
    pool = toy_pool()
    half = halved(pool, seed=1)
    assert half.patches.shape == (40, 32, 16, 3)
    assert half.patches[:20].max() < 130 < half.patches[20:, 8, 8].min()
    np.testing.assert_array_equal(half.occupied, pool.occupied)


def test_varied_patches_stay_nearly_what_they_were() -> None:
    """A look must not be shifted into the other, and no label's sign may be lost."""
    patches = toy_pool().patches
    seen = set()
    for seed in range(12):
        other = vary(patches, SPEC, np.random.default_rng(seed))
        assert other.shape == patches.shape
        assert other.dtype == np.uint8
        block = other[20:, 10:22, 10:22].mean(axis=(1, 2))
        assert (block > 180).all()
        assert (other[20:, 30:34].mean(axis=(1, 2)) < 150).all()
        seen.add(other.tobytes())
    assert len(seen) == 12


def test_the_last_batches_are_drawn_from_mixtures_of_their_own(tmp_path: Path) -> None:
    drawn: list[str] = []

    @dataclass(frozen=True)
    class Named(Mixture):
        name: str = ""

        def draw(self, size: int, rng: np.random.Generator) -> tuple[Image, Targets]:
            drawn.append(self.name)
            return super().draw(size, rng)

    def named(name: str) -> Named:
        return Named([toy_pool()], np.ones(1), name)

    learner = Learner(Settings(5, 3, 8, 0.01, SPEC, polish=2, late=2), CPU)
    rates: list[float] = []
    train(
        learner,
        named("disturbed"),
        polish=named("plain"),
        late=named("late"),
        checkpoint=tmp_path / "c",
        fingerprint="f",
        report=lambda *_: rates.append(learner.optimiser.param_groups[0]["lr"]),
    )
    assert drawn == ["disturbed"] * 3 + ["plain"] * 2 + ["late"] * 2
    assert rates[4] < rates[3] < 0.01
    assert rates[6] < rates[5] < rates[3]
