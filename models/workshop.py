"""The two steps that training and leave-one-out share: make the pool, fit a network to it."""

import ctypes
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from models.augment import Augmentation
from models.corpus import SOURCES, Samples, load_crops
from models.export import Weights
from models.learning import Learner, Mixture, Settings, halved, train
from models.patches import PatchSpec
from models.pool import Pool, Portion, make, save_crops, shares
from models.splits import Part

UNSEEN_NOTHING: Final = tuple(Part)
"""All parts: what leave-one-out learns from, for there a whole source is held out."""

TRAINING: Final = (Part.TRAIN, Part.CALIBRATION)
"""What the shipped model learns from; its calibration comes from leave-one-out."""


PLAIN_SAMPLES: Final = 8_000
"""Undisturbed patches a source."""

PLAIN_SHARE: Final = 0.6
"""Their share of the last batches."""

PARKED_KEPT: Final = 0.6
"""Of the composed samples with a car on the spot, the share that is learnt from.

What a network has never seen it takes for a car rather than for ground: empty spots with much in
and round them have to be the more frequent ones.
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pool depends on besides the code.

    portions: what it holds; parts: of the data that are used; spec: of the classifier's patches;
    training_data: SHA-256 of the labelled data; how: what samples go through.
    """

    seed: int
    portions: tuple[Portion, ...]
    parts: tuple[Part, ...]
    spec: PatchSpec
    training_data: str
    how: Augmentation = field(default_factory=Augmentation)

    def folder(self, work: Path) -> Path:
        """Where the pool lies: another plan never finds this one's files."""
        return work / hashlib.sha256(repr(self).encode()).hexdigest()[:12]


def prepare(
    data: Path, work: Path, plan: Plan, *, workers: int, progress: Progress
) -> tuple[Pool, ...]:
    """The plan's pool in memory, of which only what is missing is made."""
    folder = plan.folder(work)
    seen = [source for source in SOURCES if any(source in p.sources() for p in plan.portions)]
    task = progress.add_task("cutting crops", total=len(seen))
    for source in seen:
        if not (folder / f"{source}-scene.npy").exists():
            save_crops(folder, load_crops(data, source, plan.parts))
        progress.advance(task)
    total = sum(portion.samples for portion in plan.portions)
    task = progress.add_task("making samples", total=total)
    # Made with looks of twice the size: halving them imitates how serving samples.
    wide = replace(plan.spec, size=2 * plan.spec.size)
    pools = make(
        folder,
        plan.portions,
        wide,
        plan.how,
        seed=plan.seed,
        workers=workers,
        report=lambda count: progress.advance(task, count),
    )
    looks = [halved(pool, plan.seed) for pool in pools]
    return tuple(thinned(one, plan.seed) if one.portion.composed else one for one in looks)


def thinned(pool: Pool, seed: int) -> Pool:
    """All samples of empty spots, and `PARKED_KEPT` of the others, by chance."""
    rng = np.random.default_rng([seed, len(pool.occupied)])
    kept = (pool.occupied < 0.5) | (rng.random(len(pool.occupied)) < PARKED_KEPT)
    return replace(pool, patches=pool.patches[kept], occupied=pool.occupied[kept])


def undisturbed(samples: Sequence[Samples], *, seed: int) -> tuple[Pool, ...]:
    """Patches as serving cuts them, of both states equally many, as a pool for each source.

    As in the disturbed pool a crowded frame's spots count less, and what leaves hide is left out.
    """
    pools = []
    for source in sorted({one.source for one in samples}):
        own = [one for one in samples if one.source == source]
        patches = np.concatenate([one.patches[~one.hidden] for one in own])
        occupied = np.concatenate([one.occupied[~one.hidden] for one in own])
        sizes = [int((~one.hidden).sum()) for one in own]
        likely = np.repeat(1.0 / np.sqrt(np.maximum(sizes, 1)), sizes)
        rng = np.random.default_rng([seed, *source.encode()])
        chosen = np.concatenate(
            [
                rng.choice(len(patches), PLAIN_SAMPLES // 2, p=own_kind / own_kind.sum())
                for own_kind in (likely * occupied, likely * ~occupied)
            ]
        )
        portion = Portion(source, source, len(chosen))
        pools.append(Pool(portion, patches[chosen], occupied[chosen].astype(np.float32)))
    return tuple(pools)


def fit(
    pools: Sequence[Pool],
    plain: Sequence[Pool],
    source_shares: dict[str, float],
    settings: Settings,
    checkpoint: Path,
    fingerprint: str,
    progress: Progress,
    *,
    name: str,
) -> Weights:
    """The averaged weights of a network trained on the pools; continues from its checkpoint.

    plain: undisturbed patches, from `undisturbed`, for the last batches.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    learner = Learner(settings, device)
    learner.resume(checkpoint, fingerprint)
    disturbed = shares([pool.portion for pool in pools], source_shares)
    mixture = Mixture(pools, disturbed)
    undisturbed = shares([pool.portion for pool in plain], source_shares)
    mixed = np.concatenate([disturbed * (1.0 - PLAIN_SHARE), undisturbed * PLAIN_SHARE])
    polish = Mixture([*pools, *plain], mixed)
    task = progress.add_task(name, total=settings.total, completed=learner.step)

    def report(step: int, loss: float) -> None:
        progress.update(task, completed=step, description=f"{name}, loss {loss:.3f}")

    train(
        learner,
        mixture,
        polish=polish,
        checkpoint=checkpoint,
        fingerprint=fingerprint,
        report=report,
    )
    return learner.weights()


def progress_bar() -> Progress:
    """A bar a task, with counts and the time that remains."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeRemainingColumn())


def keep_freed_memory() -> None:
    """Tell glibc to reuse large blocks instead of handing them back to the kernel.

    Every step frees and takes the same tens of megabytes; without this a third of the time goes
    into page faults. Elsewhere than on glibc nothing happens.
    """
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(mmap_threshold, 1 << 28)
        mallopt(trim_threshold, 1 << 29)
