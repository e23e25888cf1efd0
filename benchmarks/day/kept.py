"""Rendered days: found again where they are kept, else rendered, classified and kept."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from benchmarks.day.frames import RenderedDay, render
from benchmarks.day.rendered import rendered_scores
from benchmarks.day.scores import DayScores
from benchmarks.day.stripped import strip_scores
from central.processor.classifier import model_name
from central.processor.looks import EVERYTHING, ReuseSettings
from models.classifier import SpotClassifier
from node.errors import UsageError

Made = TypeVar("Made")


@dataclass(frozen=True)
class KeptDays:
    """Days of one length and width, by one classifier.

    strips: pictures come as the strips that camera nodes send, not whole. reuse: when a spot is
    classified again. scores: a folder, for the
    same classifier again; frames: one for any; None: not kept.
    """

    classifier: SpotClassifier
    seconds: int
    width: int
    scores: Path | None
    frames: Path | None
    strips: bool = False
    reuse: ReuseSettings = EVERYTHING

    def day(self, seed: int) -> DayScores:
        """Return a day's scores; raises UsageError if a folder holds something else."""
        how = "strips-" if self.strips else ""
        if self.reuse != EVERYTHING:
            how += f"reuse-{self.reuse.threshold:g}-{self.reuse.refresh_s:g}-"
        kept = f"day-{seed}-{self.seconds}-{self.width}-{how}{model_name(self.classifier)}.npz"
        file = _file("--scores", self.scores, kept)
        if file is not None and file.is_file():
            return DayScores.load(file)
        rendered = self._frames(seed)
        classify = strip_scores if self.strips else rendered_scores
        scores = self._with_bar(
            f"classified day {seed}",
            lambda tick: classify(self.classifier, rendered, reuse=self.reuse, progress=tick),
        )
        if file is not None:
            scores.save(file)
        return scores

    def _frames(self, seed: int) -> RenderedDay:
        file = _file("--frames", self.frames, f"frames-{seed}-{self.seconds}-{self.width}.npz")
        if file is not None and file.is_file():
            kept = RenderedDay.load(file)
            if kept.is_as_rendered():
                return kept
            click.echo(f"{file}: another renderer's; day {seed} is rendered anew", err=True)
        day = self._with_bar(
            f"rendered day {seed}",
            lambda tick: render(seed=seed, seconds=self.seconds, width=self.width, progress=tick),
        )
        if file is not None:
            day.save(file)
        return day

    def _with_bar(self, label: str, make: Callable[[Callable[[], None]], Made]) -> Made:
        with click.progressbar(length=self.seconds, label=label) as bar:
            return make(lambda: bar.update(1))


def _file(option: str, folder: Path | None, name: str) -> Path | None:
    """Return where a file is kept; the folder is made."""
    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{option} {folder}: {error.strerror}; name another folder") from None
    return folder / name
