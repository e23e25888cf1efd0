"""A large network's opinion of every training sample, from which the small one learns, too.

Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network" (arXiv 1503.02531). The
teacher learns from the same samples as the small network, and from nothing else but ImageNet: a
source that is left out, or a part that is kept back, it has never seen either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import Progress

from models.calibration import sigmoid
from models.corpus import Samples
from models.export import Weights
from models.learning import SHIPPED, Settings
from models.pool import Pool, without
from models.recipe import (
    EDGED_SHARE,
    LATE_SHARES,
    RENDERED_SHARE,
    TEACHER_BATCH,
    TEACHER_PLAIN,
    TEACHER_POLISH,
    TEACHER_RATE,
    TEACHER_STEPS,
    TEACHER_WEIGHT,
)
from models.rendered_lot import Kind
from models.teacher import TASK
from models.workshop import (
    STRIPS_SHARE,
    Lesson,
    as_served,
    fit,
    through_strips,
    undisturbed,
    wide,
)

_BATCH = 64

Opinions = Mapping[str, npt.NDArray[np.float32]]
"""Logits (N,) of a pool's samples, by the pool's name."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The same samples for both networks.

    pools: disturbed, of `wide` looks; narrow, broad: undisturbed spots with looks of the shipped
    network's size and of `wide` size, in the same order. What only the small network learns from,
    while it is polished and after: edged, undisturbed spots cut at the picture's edge, and rendered
    ones.
    """

    pools: Sequence[Pool]
    narrow: Sequence[Samples]
    broad: Sequence[Samples]
    edged: Sequence[Samples] = ()
    rendered: Mapping[Kind, Pool] = field(default_factory=dict)

    def without(self, source: str) -> "Sight":
        """All in which nothing of a source is seen."""
        kept = without([pool.portion for pool in self.pools], source)
        return Sight(
            [pool for pool in self.pools if pool.portion in kept],
            [one for one in self.narrow if one.source != source],
            [one for one in self.broad if one.source != source],
            [one for one in self.edged if one.source != source],
            self.rendered,
        )


def teaching(settings: Settings) -> Settings:
    """How the teacher of a network with these settings learns."""
    return replace(
        settings,
        steps=TEACHER_STEPS,
        polish=TEACHER_POLISH,
        late=0,
        batch=TEACHER_BATCH,
        rate=TEACHER_RATE,
        spec=wide(settings.spec),
    )


def study(
    sight: Sight,
    source_shares: Mapping[str, float],
    settings: Settings,
    teacher: Settings,
    checkpoint: Path,
    fingerprint: str,
    progress: Progress,
    *,
    name: str,
) -> Weights:
    """The weights of a small network that learnt from labels and from a teacher.

    settings, teacher: how each of the two learns. Both are continued from what lies at and beside
    `checkpoint`.
    """
    opinions = ask_teacher(
        sight, source_shares, teacher, checkpoint, fingerprint, progress, name=name
    )
    seed = settings.seed
    disturbed = [softened(as_served(one, seed), opinions[one.name]) for one in sight.pools]
    plain = [through_strips(one, seed) for one in undisturbed(sight.narrow, seed=seed)]
    edged = [through_strips(one, seed) for one in undisturbed(sight.edged, seed=seed)]
    drawn = {kind: through_strips(one, seed) for kind, one in sight.rendered.items()}
    lesson = Lesson(disturbed, plain, source_shares, edged=edged, rendered=drawn)
    key = f"{fingerprint}, teacher {TEACHER_WEIGHT}, strips {STRIPS_SHARE}, steady {SHIPPED.steady}"
    if drawn:
        spots = {kind.value: len(one.occupied) for kind, one in drawn.items()}
        late = {kind.value: share for kind, share in LATE_SHARES.items()}
        key += f", rendered {RENDERED_SHARE}, late {late} of {spots}, edged {EDGED_SHARE}"
    return fit(lesson, settings, checkpoint, key, progress, name=name)


def softened(pool: Pool, logits: npt.NDArray[np.float32]) -> Pool:
    """The pool with what the teacher thinks mixed into the truth."""
    believed = sigmoid(logits.astype(np.float64))
    mixed = TEACHER_WEIGHT * believed + (1.0 - TEACHER_WEIGHT) * pool.occupied
    return replace(pool, occupied=mixed.astype(np.float32))


def ask_teacher(
    sight: Sight,
    source_shares: Mapping[str, float],
    settings: Settings,
    checkpoint: Path,
    fingerprint: str,
    progress: Progress,
    *,
    name: str,
) -> Opinions:
    """What a teacher that learnt from the same samples thinks of each disturbed one."""
    kept = checkpoint.with_suffix(".opinions.npz")
    key = repr((settings, fingerprint))
    found = _read(kept, key)
    if found is None:
        plain = undisturbed(sight.broad, seed=settings.seed)
        lesson = Lesson(sight.pools, plain, source_shares, TEACHER_PLAIN)
        beside = checkpoint.with_suffix(".teacher")
        weights = fit(
            lesson, settings, beside, fingerprint, progress, name=f"{name}, teacher", task=TASK
        )
        found = _opinions(weights, settings, sight.pools, progress, name=name)
        _write(kept, key, found)
    return found


def _read(path: Path, key: str) -> Opinions | None:
    if not path.is_file():
        return None
    with np.load(path) as found:
        if str(found["key"]) != key:
            return None
        return {name: found[name] for name in found.files if name != "key"}


def _write(path: Path, key: str, opinions: Opinions) -> None:
    """A crash while writing leaves nothing that would be read."""
    beside = path.with_suffix(".new.npz")
    np.savez(beside, allow_pickle=False, key=np.array(key), **opinions)
    beside.replace(path)


def _opinions(
    weights: Weights, settings: Settings, pools: Sequence[Pool], progress: Progress, *, name: str
) -> dict[str, npt.NDArray[np.float32]]:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = TASK.build(settings.spec).to(device)
    network.load_state_dict({key: torch.from_numpy(value) for key, value in weights.items()})
    network.eval()
    total = sum(len(pool.occupied) for pool in pools)
    bar = progress.add_task(f"{name}, teacher's opinion", total=total)
    found = {}
    with torch.inference_mode():
        for pool in pools:
            logits = []
            for start in range(0, len(pool.occupied), _BATCH):
                patches = np.array(pool.patches[start : start + _BATCH])
                answers = network(torch.from_numpy(patches).to(device)).mean(0)
                logits.append(answers.cpu().numpy())
                progress.advance(bar, len(patches))
            found[pool.name] = np.concatenate(logits)
    return found
