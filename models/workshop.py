"""The two steps that training and leave-one-out share: make the pool, fit a network to it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from models.augment import Augmentation
from models.corpus import SOURCES, Samples, load_crops
from models.export import Weights
from models.learning import SHIPPED, Learner, Mixture, Settings, Task, halved, train
from models.lighting import encode
from models.patches import PatchSpec
from models.pool import Pool, Portion, make, save_crops, shares
from models.recipe import EDGED_SHARE, LATE_SHARES, LOTS, RENDERED_SHARE
from models.rendered import cut_lots, make_lots
from models.rendered_lot import Kind
from models.splits import Part

STEP_BYTES: Final = 512 << 20
"""Of freed memory to keep: every step of training frees and takes the same tens of megabytes."""

TRAINING: Final = (Part.TRAIN, Part.CALIBRATION)
"""What the shipped model learns from; its calibration comes from leave-one-out."""


PLAIN_SAMPLES: Final = 8_000
"""Undisturbed patches a source."""

PLAIN_SHARE: Final = 0.6
"""Their share of the last batches."""

STRIPS_SHARE: Final = 1.0 / 3.0
"""Of all samples, the share that goes through a JPEG of its own."""

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
    """The plan's pool with looks of `wide`'s size, of which only what is missing is made."""
    folder = plan.folder(work)
    seen = [source for source in SOURCES if any(source in p.sources() for p in plan.portions)]
    task = progress.add_task("cutting crops", total=len(seen))
    for source in seen:
        if not (folder / f"{source}-scene.npy").exists():
            save_crops(folder, load_crops(data, source, plan.parts))
        progress.advance(task)
    total = sum(portion.samples for portion in plan.portions)
    task = progress.add_task("making samples", total=total)
    pools = make(
        folder,
        plan.portions,
        wide(plan.spec),
        plan.how,
        seed=plan.seed,
        workers=workers,
        report=lambda count: progress.advance(task, count),
    )
    return tuple(thinned(one, plan.seed) if one.portion.composed else one for one in pools)


def draw(work: Path, plan: Plan, *, workers: int, progress: Progress) -> dict[Kind, Pool]:
    """The spots of rendered lots, of which only what is missing is drawn."""
    task = progress.add_task("drawing lots", total=sum(LOTS.values()))
    return {
        kind: cut_lots(
            make_lots(
                work,
                seed=plan.seed,
                lots=lots,
                kind=kind,
                workers=workers,
                report=lambda count: progress.advance(task, count),
            ),
            plan.spec,
        )
        for kind, lots in LOTS.items()
    }


def wide(spec: PatchSpec) -> PatchSpec:
    """Looks of twice the size: halving them imitates how serving samples; a teacher sees them."""
    return replace(spec, size=2 * spec.size)


def as_served(pool: Pool, seed: int) -> Pool:
    """The pool in memory as the shipped network sees it: looks halved, some through a strip."""
    half = halved(pool, seed)
    return through_strips(half, seed)


def through_strips(pool: Pool, seed: int) -> Pool:
    """The pool, a third of it compressed as in the pictures in which camera nodes send patches."""
    rng = np.random.default_rng([seed, *pool.portion.name.encode()])
    patches = np.array(pool.patches)
    for index in np.flatnonzero(rng.random(len(patches)) < STRIPS_SHARE):
        patches[index] = encode(patches[index], rng)
    return replace(pool, patches=patches)


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


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a network learns from.

    disturbed: the pool; plain: undisturbed patches, from `undisturbed`; source_shares: how often a
    batch draws from each source; plain_shares: of plain patches in a batch, before and while
    polishing. edged: what of the plain patches of the last batches are cut at an edge, from
    `undisturbed`, too; rendered: spots of each kind of lot, the ordinary ones `RENDERED_SHARE` of
    each batch while polishing, all as `LATE_SHARES` says in the last ones, beside all else.
    """

    disturbed: Sequence[Pool]
    plain: Sequence[Pool]
    source_shares: Mapping[str, float]
    plain_shares: tuple[float, float] = (0.0, PLAIN_SHARE)
    edged: Sequence[Pool] = ()
    rendered: Mapping[Kind, Pool] = field(default_factory=dict)

    def mixtures(self) -> tuple[Mixture, Mixture, Mixture]:
        """What batches draw from: the first ones, while polishing, and the last ones."""
        before, polish = self.plain_shares
        return (
            self._mixture(before, 0.0, {}),
            self._mixture(polish, 0.0, {Kind.ORDINARY: RENDERED_SHARE}),
            self._mixture(polish, EDGED_SHARE, LATE_SHARES),
        )

    def _mixture(self, plain: float, edged: float, rendered: Mapping[Kind, float]) -> Mixture:
        """plain: of the photographs; edged: of those; rendered: of all, where there are any."""
        edged *= bool(self.edged)
        drawn = [
            (self.rendered[kind], share)
            for kind, share in rendered.items()
            if kind in self.rendered
        ]
        photographed = (
            (self.disturbed, 1.0 - plain),
            (self.plain, plain * (1.0 - edged)),
            (self.edged, plain * edged),
        )
        pools = [pool for group, _ in photographed for pool in group]
        parts = [
            shares([pool.portion for pool in group], self.source_shares) * share
            for group, share in photographed
            if group
        ]
        left = 1.0 - sum(share for _, share in drawn)
        return Mixture(
            [*pools, *(pool for pool, _ in drawn)],
            np.append(np.concatenate(parts) * left, [share for _, share in drawn]),
        )


def fit(
    lesson: Lesson,
    settings: Settings,
    checkpoint: Path,
    fingerprint: str,
    progress: Progress,
    *,
    name: str,
    task: Task = SHIPPED,
) -> Weights:
    """The averaged weights of a network that took the lesson; continues from its checkpoint."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    learner = Learner(settings, device, task)
    learner.resume(checkpoint, fingerprint)
    bar = progress.add_task(name, total=settings.total, completed=learner.step)

    def report(step: int, loss: float) -> None:
        progress.update(bar, completed=step, description=f"{name}, loss {loss:.3f}")

    before, polish, late = lesson.mixtures()
    train(
        learner,
        before,
        polish=polish,
        late=late,
        checkpoint=checkpoint,
        fingerprint=fingerprint,
        report=report,
    )
    return learner.weights()


def progress_bar() -> Progress:
    """A bar a task, with counts and the time that remains."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeRemainingColumn())
