"""Faults put upon real frames, and real days on which nothing was wrong.

Played at one frame a second into the code that decides: the camera's detectors and its judge of
nudges, and for another shape the processor's view. That each then ends as unknown spots in a
ledger is what `tests/e2e/test_faults.py` shows.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks.camera.shapes import shape_is_noticed
from edge.conditions import Condition, Conditions
from edge.detectors import DetectorLimits, Detectors
from edge.frames import Image
from edge.glance import Glance, glance
from edge.nudge import Movement
from edge.nudge_judge import NudgeJudge, NudgeLimits
from edge.nudge_memory import NudgeMemory
from edge.persistence import Moment
from edge.plan import Polygon
from edge.reference import Grey, small_grey

LIMITS = DetectorLimits()
NUDGES = NudgeLimits()
HOLD_S = 90
"""How long each frame of a real day is looked at: longer than every limit but that of freezing,
for which a held picture is a fault."""

NUDGE_PX = (8.0, 20.0, 60.0)  # of a picture 1920 wide

_SLACK_S = 3
_LEARN_S = 30
_LATE_S = 15.0
_LOOKS = 4  # within which a nudge is to be found, and over
_BLUR_AT_1080P = 3.0  # pixels


@dataclass(frozen=True)
class Day:
    """One camera's frames of one day, in order, and its regions as fractions."""

    camera: str
    pictures: tuple[Path, ...]
    regions: tuple[Polygon, ...]


@dataclass(frozen=True)
class Tally:
    """found: of the injected, within their limits and under the right name. ended: of the found."""

    injected: int = 0
    found: int = 0
    ended: int = 0

    def add(self, *, found: bool, ended: bool) -> "Tally":
        return Tally(self.injected + 1, self.found + found, self.ended + (found and ended))


@dataclass(frozen=True)
class Truth:
    """Tallies by the fault's name; false alarms of the detectors, and of the judge of nudges."""

    faults: dict[str, Tally]
    false_alarms: int
    false_nudges: int
    camera_days: int
    frames: int


class _Show:
    """One camera's detectors, a second at a time."""

    def __init__(self, limits: DetectorLimits) -> None:
        self.conditions = Conditions(now_us=0)
        self._detectors = Detectors(self.conditions, limits, started=Moment(0.0, 0))
        self._second = 0

    def _now(self) -> Moment:
        self._second += 1
        return Moment(float(self._second), self._second * 1_000_000)

    def show(self, glances: Sequence[Glance], *, seconds: float, age_s: float = 0.0) -> Condition:
        for _ in range(round(seconds)):
            at = self._now()
            self._detectors.look(glances[self._second % len(glances)], at, age_s=age_s)
        return self.conditions.report.condition

    def show_nothing(self, *, seconds: float) -> Condition:
        for _ in range(round(seconds)):
            self._detectors.tick(self._now(), reason="")
        return self.conditions.report.condition


class _Eye:
    """One camera's looks for nudges, against the first picture it saw."""

    def __init__(self, day: Day, first: Grey) -> None:
        self._memory = NudgeMemory(None, regions=day.regions)
        self._memory.compare(first)
        self._judge = NudgeJudge(NUDGES)
        self._looks = 0

    def look(self, grey: Grey, *, looks: int) -> bool:
        """Look so often at one picture; return whether the camera then counts as nudged."""
        movement = self._memory.compare(grey)
        structured = movement is None and self._memory.structured(grey)
        return self._judge_it(movement, structured=structured, looks=looks)

    def _judge_it(self, movement: Movement | None, *, structured: bool, looks: int) -> bool:
        for _ in range(looks):
            self._looks += 1
            now = self._looks * NUDGES.every_s
            self._judge.observe(movement, Moment(now, round(now * 1e6)), structured=structured)
        return self._judge.holds


def read_days(data: Path) -> list[Day]:
    """Return the CNR-EXT frames by camera and day; cameras with at least five a day."""
    document = json.loads((data / "frames" / "cnrext.json").read_text(encoding="utf-8"))
    by_day = defaultdict(list)
    for picture in sorted(document["images"], key=lambda one: str(one["datetime"])):
        by_day[(str(picture["camera"]), picture["datetime"][:10])].append(picture)
    return [
        Day(camera, tuple(data / one["image"] for one in pictures), _regions(pictures[0]))
        for (camera, _), pictures in sorted(by_day.items())
        if len(pictures) >= 5
    ]


def _regions(picture: dict[str, object]) -> tuple[Polygon, ...]:
    width, height, spots = picture["width"], picture["height"], picture["spots"]
    assert isinstance(width, int)
    assert isinstance(height, int)
    assert isinstance(spots, list)
    return tuple(tuple((x / width, y / height) for x, y in spot["polygon"]) for spot in spots)


def measure_truth(days: Sequence[Day]) -> Truth:
    """Look at every real day; then put each fault upon one frame of each."""
    faults: dict[str, Tally] = defaultdict(Tally)
    firsts: dict[str, Grey] = {}  # of each camera's first day: its reference
    false_alarms = false_nudges = frames = 0
    for day in days:
        first = firsts.setdefault(day.camera, small_grey(_read(day.pictures[0])))
        false_alarms += _alarms_of_a_day(day)
        false_nudges += _nudges_of_a_day(day, first)
        frames += len(day.pictures)
        image = _read(day.pictures[len(day.pictures) // 2])
        for name, found, ended in (*_spoil(image), *_knock(day, image), _reshape(image)):
            faults[name] = faults[name].add(found=found, ended=ended)
    return Truth(dict(faults), false_alarms, false_nudges, len(days), frames)


def _alarms_of_a_day(day: Day) -> int:
    show = _Show(replace(LIMITS, frozen_s=0.0))
    alarms = 0
    for path in day.pictures:
        alarms += show.show([glance(_read(path))], seconds=HOLD_S) is not Condition.OK
    return alarms


def _nudges_of_a_day(day: Day, first: Grey) -> int:
    eye = _Eye(day, first)
    looks = round(HOLD_S / NUDGES.every_s)
    return sum(eye.look(small_grey(_read(path)), looks=looks) for path in day.pictures)


def _spoil(image: Image) -> Iterable[tuple[str, bool, bool]]:
    """Yield each fault that the detectors are to find: its name, whether found, whether ended."""
    live = [glance(_noisy(image, seed)) for seed in range(12)]
    sigma = _BLUR_AT_1080P * image.shape[1] / 1920
    soft = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
    pictures = (
        ("frozen", Condition.FROZEN, LIMITS.frozen_s, [image]),
        ("black", Condition.DARK, LIMITS.exposed_s, [np.full_like(image, 12)]),
        ("white", Condition.BRIGHT, LIMITS.exposed_s, [np.full_like(image, 255)]),
        ("blurred", Condition.BLURRED, LIMITS.blurred_s, [_noisy(soft, n) for n in range(12)]),
    )
    for name, condition, limit_s, shown in pictures:
        show = _learnt(live)
        found = show.show(list(map(glance, shown)), seconds=limit_s + _SLACK_S) is condition
        yield name, found, _recovers(show, live)
    show = _learnt(live)
    found = show.show(live, seconds=LIMITS.late_s + _SLACK_S, age_s=_LATE_S) is Condition.LATE
    yield "late", found, _recovers(show, live)
    show = _learnt(live)
    found = show.show_nothing(seconds=LIMITS.lost_s + _SLACK_S) is Condition.LOST
    yield "lost", found, _recovers(show, live)


def _learnt(live: Sequence[Glance]) -> _Show:
    show = _Show(LIMITS)
    show.show(live, seconds=_LEARN_S)
    return show


def _recovers(show: _Show, live: Sequence[Glance]) -> bool:
    return show.show(live, seconds=_SLACK_S + LIMITS.recovery_s) is Condition.OK


def _knock(day: Day, image: Image) -> Iterable[tuple[str, bool, bool]]:
    rng = np.random.default_rng(1)
    still = small_grey(image)
    for pixels in NUDGE_PX:
        angle = rng.uniform(0, 2 * np.pi)
        eye = _Eye(day, still)
        assert not eye.look(still, looks=_LOOKS)
        found = eye.look(small_grey(_moved(image, pixels, angle)), looks=_LOOKS)
        yield f"nudged {pixels:g} px", found, not eye.look(still, looks=_LOOKS)


def _moved(image: Image, pixels: float, angle: float) -> Image:
    height, width = image.shape[:2]
    right, down = np.array([np.cos(angle), np.sin(angle)]) * pixels * width / 1920
    matrix = np.array([[1.0, 0.0, right], [0.0, 1.0, down]])
    return np.asarray(cv2.warpAffine(image, matrix, (width, height)), np.uint8)


def _reshape(image: Image) -> tuple[str, bool, bool]:
    height, width = image.shape[:2]
    return ("resized", *shape_is_noticed((width, height), (width, height * 3 // 4)))


def _noisy(image: Image, seed: int) -> Image:
    noise = np.random.default_rng(seed).normal(0.0, 1.0, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def _read(path: Path) -> Image:
    image = cv2.imread(str(path))
    assert image is not None, path
    return np.asarray(image, np.uint8)
