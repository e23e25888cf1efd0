"""From glances to conditions: each begins within its limit, says since when, and ends by itself."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from edge.conditions import Condition, Conditions
from edge.detectors import DetectorLimits, Detectors
from edge.frames import Image
from edge.glance import glance
from tests.edge.pictures import blurred, noisy, scene
from tests.edge.test_persistence import at

LIMITS = DetectorLimits(frozen_s=30.0, exposed_s=5.0, blurred_s=10.0, late_s=4.0, lost_s=8.0)
STILL = scene(width=320, height=240)
LIVE = [noisy(STILL, seed=seed) for seed in range(25)]
BLACK = np.full_like(STILL, 10)
WHITE = np.full_like(STILL, 255)


@dataclass
class Camera:
    """A picture a second, and what is said of it."""

    limits: DetectorLimits = LIMITS
    second: int = 0
    conditions: Conditions = field(default_factory=lambda: Conditions(now_us=0))

    def __post_init__(self) -> None:
        self.detectors = Detectors(self.conditions, self.limits, started=at(0))

    @property
    def condition(self) -> Condition:
        return self.conditions.report.condition

    def show(self, picture: Image, *, seconds: int, age_s: float = 0.0) -> Condition:
        for _ in range(seconds):
            self.second += 1
            self.detectors.look(glance(picture), at(self.second), age_s=age_s)
        return self.condition

    def live(self, *, seconds: int) -> Condition:
        for _ in range(seconds):
            self.show(LIVE[self.second % len(LIVE)], seconds=1)
        return self.condition


@pytest.mark.parametrize(
    ("picture", "condition", "limit_s"),
    [
        (BLACK, Condition.DARK, LIMITS.exposed_s),
        (WHITE, Condition.BRIGHT, LIMITS.exposed_s),
        (STILL, Condition.FROZEN, LIMITS.frozen_s),
    ],
)
def test_a_fault_begins_within_its_limit_and_ends_by_itself(
    picture: Image, condition: Condition, limit_s: float
) -> None:
    camera = Camera()
    assert camera.live(seconds=40) is Condition.OK
    assert camera.show(picture, seconds=int(limit_s)) is Condition.OK
    assert camera.show(picture, seconds=2) is condition
    assert camera.conditions.report.since_us == 41_000_000
    assert camera.conditions.report.detail
    assert camera.live(seconds=4) is Condition.OK


def test_a_blurred_lens_is_found_and_a_wiped_one_is_fine() -> None:
    camera = Camera()
    camera.live(seconds=40)
    soft = [blurred(picture, sigma=2.5) for picture in LIVE]
    for second in range(12):
        # A lens out of focus blurs the scene, not the sensor's noise.
        camera.show(noisy(soft[second], seed=second, sigma=0.5), seconds=1)
    assert camera.condition is Condition.BLURRED
    assert camera.conditions.report.since_us == 41_000_000
    assert camera.live(seconds=4) is Condition.OK


def test_another_size_is_not_blur() -> None:
    camera = Camera(replace(LIMITS, frozen_s=0.0))
    camera.live(seconds=40)
    large = [blurred(noisy(scene(), seed=seed), sigma=2.0) for seed in range(3)]
    for second in range(30):
        camera.show(large[second % 3], seconds=1)
    assert camera.condition is Condition.OK


def test_pictures_that_come_late_are_said_to_be_and_since_when() -> None:
    camera = Camera()
    camera.live(seconds=3)
    for seed in range(4):
        camera.show(LIVE[seed], seconds=1, age_s=4.5)
    assert camera.condition is Condition.LATE
    assert camera.conditions.report.since_us == 4_000_000
    assert camera.live(seconds=4) is Condition.OK


def test_a_lost_source_is_said_with_its_readers_reason_and_is_back_with_the_first_picture() -> None:
    camera = Camera()
    camera.live(seconds=10)
    assert not camera.detectors.tick(at(17.9), reason="gone")
    assert camera.detectors.tick(at(18.0), reason="gone")
    assert camera.condition is Condition.LOST
    assert camera.conditions.report.since_us == 10_000_000
    assert camera.conditions.report.detail == "no picture for 8 s: gone"
    assert not camera.detectors.tick(at(19.0), reason="still gone")
    camera.second = 20
    assert camera.live(seconds=1) is Condition.OK


def test_a_source_that_never_gave_a_picture_is_lost_since_the_start() -> None:
    camera = Camera()
    assert camera.detectors.tick(at(8), reason="")
    assert camera.conditions.report.detail == "no picture for 8 s"
    assert camera.conditions.report.since_us == 0


def test_one_odd_picture_and_short_troubles_change_nothing() -> None:
    camera = Camera()
    camera.live(seconds=40)
    for picture in (BLACK, WHITE, blurred(STILL)):
        camera.show(picture, seconds=1)
        assert camera.live(seconds=5) is Condition.OK
    assert camera.show(BLACK, seconds=4) is Condition.OK
    assert camera.live(seconds=5) is Condition.OK
    assert camera.conditions.report.number == 1


def test_what_is_switched_off_says_nothing() -> None:
    camera = Camera(DetectorLimits(frozen_s=0, exposed_s=0, blurred_s=0, late_s=0, lost_s=0))
    camera.live(seconds=30)
    for picture in (STILL, BLACK, WHITE, blurred(STILL)):
        assert camera.show(picture, seconds=70, age_s=100.0) is Condition.OK
    assert not camera.detectors.tick(at(10_000), reason="gone")
