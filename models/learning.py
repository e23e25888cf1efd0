"""The training loop: seeded, resumable; learning rate and batches are fixed by the step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.lighting import encode
from models.network import build, planes
from models.patches import FloatArray, Image, PatchSpec
from models.pool import Pool

_SMOOTHING: Final = 0.02
_CHECKPOINT_EVERY: Final = 250
_AVERAGED_HALVING: Final = 0.6
_HALVED_TOGETHER: Final = 50
_GRAINY: Final = 4
_STEADIED: Final = 4
"""Of a batch, every so many patches go through a strip, too, where that counts."""
_POLISH_RATE: Final = 0.33
_LATE_RATE: Final = 0.2
_LATE_COUNTS: Final = 0.88
"""How much of the way that the last batches go is kept (Wortsman et al., arXiv 2109.01903): less is
nearer to what was known before, more to what they teach."""
_SLOW_RATE: Final = 0.1

Targets = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run depends on besides its data; a checkpoint of other settings is refused.

    spec: of the patches that the network sees. polish: how many batches, after `steps`, have
    undisturbed patches among them; they begin at a third of the highest learning rate. late: how
    many, after those, have what the others lack among them; they begin at a fifth of it, and the
    weights end between those before and after.
    """

    seed: int
    steps: int
    batch: int
    rate: float
    spec: PatchSpec
    polish: int = 0
    late: int = 0

    @property
    def polished(self) -> int:
        """Batches before the late ones."""
        return self.steps + self.polish

    @property
    def total(self) -> int:
        """All batches."""
        return self.polished + self.late


def entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of logits (N,) against probabilities (N,)."""
    loss: torch.Tensor = nn.functional.binary_cross_entropy_with_logits(logits, targets)
    return loss


@dataclass(frozen=True, slots=True)
class Task:
    """Which network learns, and how; by default the small one that ships.

    build: the network for a patch geometry; see: (N, *shape) uint8 -> what the network takes;
    loss: of its answers, against probabilities (N,); slow: parameters whose name begins so learn at
    a tenth of the rate; average, polish_average: what the running average of the weights keeps at
    each step; clip: greatest norm of a gradient, 0 for any; steady: how much it counts, while
    polishing, that a patch, and the same patch as a strip brings it, get unequal answers.
    """

    build: Callable[[PatchSpec], nn.Module] = lambda spec: build(*spec.shape[:2])
    see: Callable[[torch.Tensor], torch.Tensor] = planes
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = entropy
    slow: tuple[str, ...] = ()
    average: float = 0.998
    polish_average: float = 0.995
    clip: float = 0.0
    steady: float = 0.0


SHIPPED: Final = Task(steady=4.0)


@dataclass(frozen=True, slots=True)
class Mixture:
    """What a batch draws from: pools and how often each is drawn from (sum 1)."""

    pools: Sequence[Pool]
    shares: FloatArray

    def draw(self, size: int, rng: np.random.Generator) -> tuple[Image, Targets]:
        """One batch: patches, and whether each is occupied."""
        patches: list[Image] = []
        targets: list[Targets] = []
        for pool, count in zip(self.pools, rng.multinomial(size, self.shares), strict=True):
            numbers = rng.integers(0, len(pool.occupied), count)
            patches.append(pool.patches[numbers])
            targets.append(pool.occupied[numbers])
        return np.concatenate(patches), np.concatenate(targets)


def halved(pool: Pool, seed: int) -> Pool:
    """The pool in memory with looks of half the size, each chunk in one of two ways.

    Serving samples bilinearly: of a spot that is large in the picture it leaves pixels out, of a
    small one it averages. The network has to bear both. In memory, for a disk that everybody else
    uses, too, makes a step wait longer than it computes.
    """
    count, rows, columns, channels = pool.patches.shape
    out = np.empty((count, rows // 2, columns // 2, channels), dtype=np.uint8)
    rng = np.random.default_rng([seed, count])
    for start in range(0, count, _HALVED_TOGETHER):
        part = np.asarray(pool.patches[start : start + _HALVED_TOGETHER])
        out[start : start + len(part)] = halve(part, rng)
    return replace(pool, patches=out)


def halve(patches: Image, rng: np.random.Generator) -> Image:
    """(N, 2H, 2S, 3) -> (N, H, S, 3), as averages of four pixels or by taking every other one."""
    count, rows, columns, channels = patches.shape
    blocks = patches.reshape(count, rows // 2, 2, columns // 2, 2, channels)
    if rng.random() < _AVERAGED_HALVING:
        return np.asarray((blocks.astype(np.uint16).sum(axis=(2, 4)) + 2) >> 2, np.uint8)
    down, across = rng.integers(0, 2, 2)
    return np.ascontiguousarray(blocks[:, :, down, :, across])


def batch(data: Mixture, settings: Settings, step: int) -> tuple[Image, Targets]:
    """The batch of a step depends on the seed and the step alone, so a resumed run repeats it."""
    rng = np.random.default_rng([settings.seed, step])
    patches, targets = data.draw(settings.batch, rng)
    return vary(patches, settings.spec, rng), targets


def vary(patches: Image, spec: PatchSpec, rng: np.random.Generator) -> Image:
    """The cheap disturbances, so that a sample drawn again is not the same again.

    Mirrored or not, a look's shift by up to a pixel (the same for all, the border repeated) and
    another white balance for each, and grain for every fourth.
    """
    count = len(patches)
    looks = patches.reshape(count, spec.looks, spec.size, spec.size, 3)
    if rng.random() < 0.5:
        looks = looks[:, :, :, ::-1]
    down, across = rng.integers(-1, 2, 2)
    kept = np.arange(spec.size)
    rows = np.clip(kept + down, 0, spec.size - 1)
    columns = np.clip(kept + across, 0, spec.size - 1)
    shifted = looks[:, :, rows][:, :, :, columns].astype(np.float32)
    shifted *= np.exp(rng.normal(0.0, 0.06, (count, 1, 1, 1, 3))).astype(np.float32)
    grainy = np.s_[int(rng.integers(_GRAINY)) :: _GRAINY]
    noise = rng.standard_normal(shifted[grainy].shape, dtype=np.float32)
    shifted[grainy] += noise * np.float32(rng.uniform(0.0, 5.0))
    return np.clip(shifted, 0.0, 255.0).astype(np.uint8).reshape(patches.shape)


def _rate(step: int, settings: Settings) -> float:
    """One cycle: a linear rise over the first twentieth, then half a cosine; two more follow."""
    if step >= settings.polished:
        return _fall(_LATE_RATE * settings.rate, (step - settings.polished) / settings.late)
    if step >= settings.steps:
        return _fall(_POLISH_RATE * settings.rate, (step - settings.steps) / settings.polish)
    rise = max(1, settings.steps // 20)
    if step < rise:
        return settings.rate * (step + 1) / rise
    return _fall(settings.rate, (step - rise) / max(1, settings.steps - rise))


def _fall(highest: float, done: float) -> float:
    """Half a cosine, from `highest` to nothing."""
    return float(highest * 0.5 * (1.0 + np.cos(np.pi * done)))


def _numbers(value: torch.Tensor) -> npt.NDArray[np.float32]:
    return np.asarray(value.detach().cpu().contiguous().numpy(), dtype=np.float32)


class Learner:
    """Network, optimiser and the running average of the weights that will be used."""

    def __init__(self, settings: Settings, device: torch.device, task: Task = SHIPPED) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.device = device
        self.task = task
        self.step = 0
        self.network = task.build(settings.spec).to(device)
        self.optimiser = torch.optim.AdamW(
            [
                {"params": found, "weight_decay": 0.02 if decayed else 0.0, "pace": pace}
                for pace in (1.0, _SLOW_RATE)
                for decayed in (True, False)
                if (found := self._parameters(slow=pace < 1.0, decayed=decayed))
            ]
        )
        self.average = {key: value.clone() for key, value in self.network.state_dict().items()}
        # The average as it was before the last batches, once they begin.
        self.polished: dict[str, torch.Tensor] = {}

    def _parameters(self, *, slow: bool, decayed: bool) -> list[nn.Parameter]:
        return [
            parameter
            for name, parameter in self.network.named_parameters()
            if parameter.requires_grad
            and name.startswith(self.task.slow) == slow
            and (parameter.ndim > 1) == decayed
        ]

    def learn(self, patches: Image, occupied: Targets) -> float:
        """One step on one batch; returns its loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = group["pace"] * _rate(self.step, self.settings)
        # Dropout's mask, too, must depend on the step alone for a resumed run to repeat it.
        torch.manual_seed(self.settings.seed * 1_000_003 + self.step)
        targets = torch.from_numpy(occupied).to(self.device)
        targets = targets * (1.0 - 2.0 * _SMOOTHING) + _SMOOTHING
        loss = self._loss(patches, targets)
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        if self.task.clip:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.task.clip)
        self.optimiser.step()
        self.step += 1
        self._follow()
        return float(loss.detach())

    def _loss(self, patches: Image, targets: torch.Tensor) -> torch.Tensor:
        """Of one batch; where `steady` counts, some of it goes through a strip beside itself."""
        steadied = self.task.steady > 0.0 and self.step >= self.settings.steps
        again = len(patches) // _STEADIED if steadied else 0
        if again:
            rng = np.random.default_rng([self.settings.seed, self.step, again])
            # The pools' own order: the first ones of a batch would all be of one pool.
            chosen = rng.permutation(len(patches))[:again]
            strips = np.stack([encode(patch, rng) for patch in patches[chosen]])
            patches = np.concatenate([patches, strips])
        values = self.task.see(torch.from_numpy(np.ascontiguousarray(patches)).to(self.device))
        answers = self.network(values)
        loss = self.task.loss(answers[: len(targets)], targets)
        if again:
            first = answers[torch.from_numpy(chosen).to(self.device)]
            # Of probabilities: unequal logits matter where they turn an answer, not far from it.
            apart = nn.functional.mse_loss(answers[len(targets) :].sigmoid(), first.sigmoid())
            loss = loss + self.task.steady * apart
        return loss

    def _follow(self) -> None:
        """Move the average towards the weights; early on faster, to forget the start."""
        polishing = self.step > self.settings.steps
        longest = self.task.polish_average if polishing else self.task.average
        keep = min(longest, (1.0 + self.step) / (10.0 + self.step))
        with torch.no_grad():
            for key, value in self.network.state_dict().items():
                if value.dtype.is_floating_point:
                    self.average[key].lerp_(value, 1.0 - keep)
                else:
                    self.average[key].copy_(value)
        if self.settings.late and self.step == self.settings.polished:
            self.polished = {key: value.clone() for key, value in self.average.items()}

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """The averaged weights by PyTorch's names."""
        found = {key: _numbers(value) for key, value in self.average.items()}
        for key, value in self.polished.items():
            before = _numbers(value)
            found[key] = before + np.float32(_LATE_COUNTS) * (found[key] - before)
        return found

    def save(self, path: Path, fingerprint: str) -> None:
        """Write a checkpoint; a crash while writing leaves the one before."""
        state = {
            "settings": repr((self.settings, fingerprint)),
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average,
            "polished": self.polished,
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
        self.polished = dict(state["polished"])
        self.step = int(state["step"])
        return True


def train(
    learner: Learner,
    data: Mixture,
    *,
    polish: Mixture | None = None,
    late: Mixture | None = None,
    checkpoint: Path,
    fingerprint: str,
    report: Callable[[int, float], None],
) -> None:
    """Run the remaining steps, with a checkpoint now and then; `report` gets step and loss.

    polish, late: what the batches after the first ones, and the last ones, draw from, if not from
    the same as those before.
    """
    settings = learner.settings
    polish = polish or data
    late = late or polish
    while learner.step < settings.total:
        if learner.step < settings.steps:
            source = data
        else:
            source = polish if learner.step < settings.polished else late
        loss = learner.learn(*batch(source, settings, learner.step))
        report(learner.step, loss)
        if learner.step % _CHECKPOINT_EVERY == 0 or learner.step == settings.total:
            learner.save(checkpoint, fingerprint)
