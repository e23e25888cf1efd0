"""PURE: which spots a person is asked about. Uniform over spots and moments, so that the error rate
is one of the lot and not of what somebody found interesting."""

import random
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from central.ledger.records import Occupancy

T = TypeVar("T")

KEPT = 500
"""Samples that wait for a label; the oldest is dropped first (about 10 KB each)."""


@dataclass(frozen=True)
class Sample:
    """One spot on one picture. said: what the ledger held then, not shown before the label."""

    sample_id: str
    lot_id: str
    camera_id: str
    spot_id: str
    captured_at_us: int
    said: Occupancy
    jpeg: bytes


def choose(places: Sequence[T], n: int, *, random_source: random.Random) -> list[T]:
    """Return up to n different ones, each as likely as any other."""
    return random_source.sample(list(places), min(n, len(places)))


def new_sample_id() -> str:
    """Return an id that nobody can guess: a sample's crop is shown to whoever names it."""
    return secrets.token_urlsafe(12)


@dataclass
class Waiting:
    """Samples that wait for a label, bounded."""

    limit: int = KEPT
    _samples: "OrderedDict[str, Sample]" = field(default_factory=OrderedDict)

    def add(self, sample: Sample) -> None:
        """Keep a sample; beyond the limit the oldest goes."""
        self._samples[sample.sample_id] = sample
        while len(self._samples) > self.limit:
            self._samples.popitem(last=False)

    def find(self, sample_id: str) -> Sample | None:
        """Return a sample that still waits."""
        return self._samples.get(sample_id)

    def take(self, sample_id: str) -> Sample | None:
        """Return a sample and keep it no longer."""
        return self._samples.pop(sample_id, None)
