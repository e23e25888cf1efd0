"""The pool: disturbed training samples, made once, kept on disk, drawn from many times.

Making a sample costs more than learning from it. Each portion of the pool is a file; a portion that
is there is not made again, so an interrupted run goes on where it was.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.augment import Augmentation, Ground, composed, look, real
from models.corpus import Crops
from models.parked import Car
from models.patches import FloatArray, Image, PatchSpec

_CHUNK: Final = 250
"""Samples that one task makes; a chunk depends on the seed and its number alone."""

_CARS: Final = 60
"""Cars that a chunk's neighbours are drawn from."""

_BOXES: Final = 0.1
"""How often a composed scene's region is drawn as an upright box."""


@dataclass(frozen=True, slots=True)
class Portion:
    """A part of the pool.

    source: of the ground; donors: source of the cars that are parked on it; composed: whether the
    spot's own state is made, too, on crops of empty spots, or photographed.
    """

    source: str
    donors: str
    samples: int
    composed: bool = False

    @property
    def name(self) -> str:
        """Distinguishes the portion's files."""
        return f"{self.source}-{self.donors}-{'composed' if self.composed else 'real'}"

    def sources(self) -> frozenset[str]:
        """Whatever of whom is seen in it."""
        return frozenset({self.source, self.donors})


@dataclass(frozen=True, slots=True)
class Pool:
    """A finished portion. patches: (N, *shape) uint8, mapped from disk; occupied: (N,) float32."""

    portion: Portion
    patches: Image
    occupied: npt.NDArray[np.float32]

    @property
    def name(self) -> str:
        """Its portion's."""
        return self.portion.name


def save_crops(folder: Path, crops: Crops) -> None:
    """Keep a source's crops where the tasks that make samples find them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("pictures", "regions", "occupied", "scene"):
        np.save(folder / f"{crops.source}-{name}.npy", getattr(crops, name))


def open_crops(folder: Path, source: str) -> Crops:
    """A source's crops, the pictures mapped from disk. Raises FileNotFoundError before saving."""

    def read(name: str, *, mapped: bool = False) -> npt.NDArray[np.generic]:
        path = folder / f"{source}-{name}.npy"
        return np.asanyarray(np.load(path, mmap_mode="r" if mapped else None))

    return Crops(
        source,
        np.asarray(read("pictures", mapped=True), np.uint8),
        np.asarray(read("regions"), np.float64),
        np.asarray(read("occupied"), np.bool_),
        np.asarray(read("scene"), np.int64),
    )


def make(
    folder: Path,
    portions: Sequence[Portion],
    spec: PatchSpec,
    how: Augmentation,
    *,
    seed: int,
    workers: int,
    report: Callable[[int], None],
) -> list[Pool]:
    """Make what is missing of the portions from saved crops; `report` gets samples as they come.

    The pool depends on crops, portions, spec, augmentation and seed alone, neither on workers nor
    on interruptions.
    """
    context = get_context("spawn")  # forked children would inherit OpenCV's and torch's threads
    with ProcessPoolExecutor(workers, mp_context=context) as executor:
        for portion in portions:
            final = folder / f"{portion.name}-patches.npy"
            if final.exists():
                report(portion.samples)
                continue
            part = final.with_suffix(".part")
            shape = (portion.samples, *spec.shape)
            np.lib.format.open_memmap(part, "w+", np.uint8, shape).flush()
            tasks = [
                executor.submit(_fill, folder, part, portion, spec, how, seed, start)
                for start in range(0, portion.samples, _CHUNK)
            ]
            for task in as_completed(tasks):
                report(task.result())
            part.rename(final)
    return [open_pool(folder, portion, seed) for portion in portions]


def open_pool(folder: Path, portion: Portion, seed: int) -> Pool:
    """A finished portion. Raises FileNotFoundError if it was not made."""
    patches = np.load(folder / f"{portion.name}-patches.npy", mmap_mode="r")
    starts = range(0, portion.samples, _CHUNK)
    states = [_states(portion, seed, start) for start in starts]
    return Pool(portion, patches, np.concatenate(states).astype(np.float32))


def _generator(portion: Portion, seed: int, start: int) -> np.random.Generator:
    return np.random.default_rng([seed, start, *portion.name.encode()])


def _states(portion: Portion, seed: int, start: int) -> npt.NDArray[np.bool_]:
    """Which samples of a chunk are occupied: half of them, by chance."""
    count = min(_CHUNK, portion.samples - start)
    return _generator(portion, seed, start).random(count) < 0.5


def _fill(
    folder: Path,
    part: Path,
    portion: Portion,
    spec: PatchSpec,
    how: Augmentation,
    seed: int,
    start: int,
) -> int:
    """Make one chunk and write it into its place; returns its size."""
    cv2.setNumThreads(1)
    grounds = open_crops(folder, portion.source)
    donors = open_crops(folder, portion.donors)
    states = _states(portion, seed, start)
    rng = _generator(portion, seed + 1, start)
    patches = sample(grounds, donors, states, spec, how, rng, compose=portion.composed)
    target = np.lib.format.open_memmap(part, "r+")
    target[start : start + len(states)] = patches
    target.flush()
    return len(states)


def sample(
    grounds: Crops,
    donors: Crops,
    occupied: npt.NDArray[np.bool_],
    spec: PatchSpec,
    how: Augmentation,
    rng: np.random.Generator,
    *,
    compose: bool,
) -> Image:
    """(N, *spec.shape) uint8: a disturbed sample of each state asked for."""
    parked = np.flatnonzero(donors.occupied)
    cars = [Car(donors.pictures[n], donors.regions[n]) for n in rng.choice(parked, _CARS)]
    whole = grounds.source == "cnrpark"
    likely = _likelihood(grounds)
    scenes = []
    for state in occupied:
        wanted = grounds.occupied == (state and not compose)
        number = _draw(likely * wanted, rng)
        ground = Ground(grounds.pictures[number], grounds.regions[number], whole)
        if compose:
            scenes.append(composed(ground, cars, how, rng, occupied=bool(state)))
        else:
            scenes.append(real(ground, cars, how, rng))
    if compose:  # in a mere box, a neighbour's body before the spot looks like a car on it
        how = replace(how, blind=0.0, drawing=replace(how.drawing, box=_BOXES))
    return look(scenes, spec, how, rng)


def _likelihood(crops: Crops) -> FloatArray:
    """Crops of a crowded frame count less: each frame weighs as the root of its spots."""
    sizes = np.bincount(crops.scene)
    return np.asarray(1.0 / np.sqrt(sizes[crops.scene]))


def _draw(weights: FloatArray, rng: np.random.Generator) -> int:
    total = np.cumsum(weights)
    return int(np.searchsorted(total, rng.random() * total[-1], side="right"))


def without(portions: Sequence[Portion], source: str) -> tuple[Portion, ...]:
    """The portions in which nothing of a source is seen."""
    return tuple(portion for portion in portions if source not in portion.sources())


def shares(portions: Sequence[Portion], sources: Mapping[str, float]) -> FloatArray:
    """How often to draw from each portion: as its ground's source weighs, by size within it."""
    sizes = {source: sum(p.samples for p in portions if p.source == source) for source in sources}
    raw = np.array([sources[p.source] * p.samples / sizes[p.source] for p in portions])
    return np.asarray(raw / raw.sum())
