"""The training loop on toy data: it learns, and a resumed run is the same run."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with the extra 'train' only")

from models.learning import Learner, Settings, TrainingSet, train  # noqa: E402
from models.patches import PatchSpec  # noqa: E402

CPU = torch.device("cpu")
torch.set_num_threads(1)  # several threads on busy cores spend their time waiting for each other


def toy_data() -> TrainingSet:
    """'Occupied' crops carry a bright block in the middle."""
    rng = np.random.default_rng(1)
    crops = [rng.integers(80, 120, (96, 96, 3), dtype=np.uint8) for _ in range(40)]
    for crop in crops[20:]:
        crop[30:66, 30:66] = 240
    occupied = np.repeat(np.array([0.0, 1.0], dtype=np.float32), 20)
    pools = ((np.arange(20), 0.5), (np.arange(20, 40), 0.5))
    square = np.array([[30.0, 30.0], [66.0, 30.0], [66.0, 66.0], [30.0, 66.0]])
    return TrainingSet(crops, np.repeat(square[None], 40, axis=0), occupied, pools)


def settings(steps: int, seed: int = 5) -> Settings:
    return Settings(seed=seed, steps=steps, batch=8, rate=0.01, spec=PatchSpec(32, 0.25, 1.8))


def test_the_loss_falls(tmp_path: Path) -> None:
    losses: list[float] = []
    learner = Learner(settings(40), CPU)
    train(
        learner,
        toy_data(),
        checkpoint=tmp_path / "c",
        fingerprint="toy",
        report=lambda _, loss: losses.append(loss),
    )
    assert len(losses) == 40
    assert np.mean(losses[-8:]) < 0.75 * np.mean(losses[:8])


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
