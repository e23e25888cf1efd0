"""Faults put upon real frames, and real days on which nothing was wrong."""

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from edge.conditions import Condition, Conditions
from edge.detectors import DetectorLimits, Detectors
from edge.frames import Image
from edge.glance import Glance, glance
from edge.persistence import Moment

LIMITS = DetectorLimits()
HOLD_S = 90
"""How long each frame of a real day is looked at: longer than every limit but that of freezing,
for which a held picture is a fault."""

_SLACK_S = 3
_LEARN_S = 30
_BLUR_AT_1080P = 3.0  # pixels


@dataclass(frozen=True)
class Truth:
    """injected: faults; found: of them, within their limits and with the right name."""

    injected: int
    found: int
    ended: int
    false_alarms: int
    camera_days: int
    frames: int


class _Show:
    def __init__(self, limits: DetectorLimits) -> None:
        self.conditions = Conditions(now_us=0)
        self._detectors = Detectors(self.conditions, limits, started=Moment(0.0, 0))
        self._second = 0

    def show(self, glances: list[Glance], *, seconds: float) -> Condition:
        for _ in range(round(seconds)):
            self._second += 1
            at = Moment(float(self._second), self._second * 1_000_000)
            self._detectors.look(glances[self._second % len(glances)], at, age_s=0.0)
        return self.conditions.report.condition


def read_days(data: Path) -> dict[tuple[str, str], list[Path]]:
    """Return the CNR-EXT frames by camera and day, in order; cameras with at least five a day."""
    document = json.loads((data / "frames" / "cnrext.json").read_text(encoding="utf-8"))
    days: dict[tuple[str, str], list[tuple[str, Path]]] = defaultdict(list)
    for picture in document["images"]:
        key = (str(picture["camera"]), picture["datetime"][:10])
        days[key].append((picture["datetime"], data / picture["image"]))
    return {
        key: [path for _, path in sorted(frames)]
        for key, frames in sorted(days.items())
        if len(frames) >= 5
    }


def measure_truth(days: dict[tuple[str, str], list[Path]]) -> Truth:
    """Look at every real day; then put each fault upon one frame of each."""
    false_alarms = frames = injected = found = ended = 0
    for paths in days.values():
        false_alarms += _alarms_of_a_day(paths)
        frames += len(paths)
        image = _read(paths[len(paths) // 2])
        for condition, limit_s, pictures in _faults(image):
            injected += 1
            show = _Show(LIMITS)
            live = [glance(_noisy(image, seed)) for seed in range(12)]
            show.show(live, seconds=_LEARN_S)
            right = show.show(list(map(glance, pictures)), seconds=limit_s + _SLACK_S) is condition
            found += right
            ended += right and show.show(live, seconds=_SLACK_S + 2) is Condition.OK
    return Truth(injected, found, ended, false_alarms, len(days), frames)


def _alarms_of_a_day(paths: list[Path]) -> int:
    show = _Show(replace(LIMITS, frozen_s=0.0))
    alarms = 0
    for path in paths:
        alarms += show.show([glance(_read(path))], seconds=HOLD_S) is not Condition.OK
    return alarms


def _faults(image: Image) -> list[tuple[Condition, float, list[Image]]]:
    sigma = _BLUR_AT_1080P * image.shape[1] / 1920
    soft = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
    return [
        (Condition.FROZEN, LIMITS.frozen_s, [image]),
        (Condition.DARK, LIMITS.exposed_s, [np.full_like(image, 12)]),
        (Condition.BRIGHT, LIMITS.exposed_s, [np.full_like(image, 255)]),
        (Condition.BLURRED, LIMITS.blurred_s, [_noisy(soft, seed) for seed in range(12)]),
    ]


def _noisy(image: Image, seed: int) -> Image:
    noise = np.random.default_rng(seed).normal(0.0, 1.0, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def _read(path: Path) -> Image:
    image = cv2.imread(str(path))
    assert image is not None, path
    return np.asarray(image, np.uint8)
