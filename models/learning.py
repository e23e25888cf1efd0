"""The training loop: seeded, resumable; learning rate and batches are fixed by the step."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.augment import Augmentation, augment
from models.network import build, normalise
from models.patches import FloatArray, Image, PatchSpec

SOURCE_SHARES: Final = {"acpds": 0.40, "cnrext": 0.15, "cnrpark": 0.30, "pklot": 0.15}
"""How often a batch draws from each source; within a source, both classes equally often."""

_PREFETCH: Final = 3
_SMOOTHING: Final = 0.02
_AVERAGE: Final = 0.998


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run depends on besides its data; a checkpoint of other settings is refused."""

    seed: int
    steps: int
    batch: int
    rate: float
    spec: PatchSpec


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Crops with their regions, and what a batch draws from.

    crops: N pictures (C, C, 3) uint8; regions: (N, 4, 2) in crop pixels; occupied: (N,);
    pools: sample numbers and the share of a batch that comes from them.
    """

    crops: list[Image]
    regions: FloatArray
    occupied: npt.NDArray[np.float32]
    pools: tuple[tuple[npt.NDArray[np.int64], float], ...]

    def draw(self, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Sample numbers of one batch."""
        shares = np.array([share for _, share in self.pools])
        chosen = rng.choice(len(self.pools), size, p=shares / shares.sum())
        return np.array([rng.choice(self.pools[pool][0]) for pool in chosen], dtype=np.int64)


def _batch(
    data: TrainingSet, settings: Settings, step: int
) -> tuple[Image, npt.NDArray[np.float32]]:
    """The batch of a step depends on the seed and the step alone, so a resumed run repeats it."""
    rng = np.random.default_rng([settings.seed, step])
    numbers = data.draw(settings.batch, rng)
    crops = [data.crops[n] for n in numbers]
    patches = augment(crops, data.regions[numbers], settings.spec, Augmentation(), rng)
    return patches, data.occupied[numbers]


def _batches(
    data: TrainingSet, settings: Settings, first: int
) -> Iterator[tuple[Image, npt.NDArray[np.float32]]]:
    """Batches in order, the next few being made in the background."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        steps = count(first)
        waiting = [pool.submit(_batch, data, settings, next(steps)) for _ in range(_PREFETCH)]
        for _ in range(first, settings.steps):
            waiting.append(pool.submit(_batch, data, settings, next(steps)))
            yield waiting.pop(0).result()
        for future in waiting:
            future.cancel()


def _rate(step: int, settings: Settings) -> float:
    """One cycle: a linear rise over the first twentieth, then half a cosine."""
    rise = max(1, settings.steps // 20)
    if step < rise:
        return settings.rate * (step + 1) / rise
    done = (step - rise) / max(1, settings.steps - rise)
    return float(settings.rate * 0.5 * (1.0 + np.cos(np.pi * done)))


class Learner:
    """Network, optimiser and the running average of the weights that will be exported."""

    def __init__(self, settings: Settings, device: torch.device) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.device = device
        self.step = 0
        self.network = build(*settings.spec.shape[:2]).to(device)
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.ndim <= 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}]
        )
        self.average = {key: value.clone() for key, value in self.network.state_dict().items()}

    def learn(self, patches: Image, occupied: npt.NDArray[np.float32]) -> float:
        """One step on one batch; returns its loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = _rate(self.step, self.settings)
        # Dropout's mask, too, must depend on the step alone for a resumed run to repeat it.
        torch.manual_seed(self.settings.seed * 1_000_003 + self.step)
        values = normalise(torch.from_numpy(patches).to(self.device))
        values = values.contiguous(memory_format=torch.channels_last)
        targets = torch.from_numpy(occupied).to(self.device)
        targets = targets * (1.0 - 2.0 * _SMOOTHING) + _SMOOTHING
        loss = nn.functional.binary_cross_entropy_with_logits(self.network(values), targets)
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        self.optimiser.step()
        self.step += 1
        self._follow()
        return float(loss.item())

    def _follow(self) -> None:
        """Move the average towards the weights; early on faster, to forget the start."""
        keep = min(_AVERAGE, (1.0 + self.step) / (10.0 + self.step))
        with torch.no_grad():
            for key, value in self.network.state_dict().items():
                if value.dtype.is_floating_point:
                    self.average[key].lerp_(value, 1.0 - keep)
                else:
                    self.average[key].copy_(value)

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """The averaged weights by PyTorch's names."""
        return {
            key: np.asarray(value.detach().cpu().contiguous().numpy(), dtype=np.float32)
            for key, value in self.average.items()
        }

    def save(self, path: Path, fingerprint: str) -> None:
        """Write a checkpoint; a crash while writing leaves the one before."""
        state = {
            "settings": repr((self.settings, fingerprint)),
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(path.suffix + ".new")
        torch.save(state, beside)
        beside.replace(path)

    def resume(self, path: Path, fingerprint: str) -> bool:
        """Continue from a checkpoint of the same settings and data, if there is one."""
        if not path.is_file():
            return False
        state: Mapping[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
        if state["settings"] != repr((self.settings, fingerprint)):
            return False
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.average = dict(state["average"])
        self.step = int(state["step"])
        return True


def train(
    learner: Learner,
    data: TrainingSet,
    *,
    checkpoint: Path,
    fingerprint: str,
    report: Callable[[int, float], None],
) -> None:
    """Run the remaining steps, with a checkpoint every 500; `report` gets step and loss."""
    for patches, occupied in _batches(data, learner.settings, learner.step):
        loss = learner.learn(patches, occupied)
        report(learner.step, loss)
        if learner.step % 500 == 0 or learner.step == learner.settings.steps:
            learner.save(checkpoint, fingerprint)
