import cv2
import numpy as np

from edge.nudge_memory import MAX_LEARNT, NudgeMemory
from edge.reference import Grey, Reference, masked_look, small_grey
from tests.edge.views import REGIONS, nudged, picture

REFERENCE = Reference((masked_look(picture()),), np.eye(3))


def dusk(share: float) -> Grey:
    """The view as the day's light goes and a lamp of another kind comes."""
    day = small_grey(picture()).astype(float)
    lamp = cv2.GaussianBlur(day, (0, 0), 9.0)
    beam = np.linspace(0.0, 2.0, 640)[None] * np.linspace(2.0, 0.2, 360)[:, None]
    noise = np.random.default_rng(round(share * 100)).normal(0, 3, day.shape)
    night = 0.25 * day * beam + 0.1 * lamp + noise
    return np.clip((1 - share) * day + share * night, 0, 255).astype(np.uint8)


def test_the_first_picture_serves_where_there_is_no_reference() -> None:
    memory = NudgeMemory(None, regions=REGIONS)
    assert memory.compare(np.zeros((360, 640), np.uint8)) is None, "too dark to be one"
    assert memory.compare(small_grey(picture())) is None
    image, _ = nudged(picture(), right=20.0)
    movement = memory.compare(small_grey(image))
    assert movement is not None
    assert abs(movement.shift_px - 20) < 2


def test_dusk_is_followed_and_what_is_learnt_is_bounded() -> None:
    memory = NudgeMemory(REFERENCE, regions=REGIONS)
    for step in range(41):
        movement = memory.compare(dusk(step / 40))
        assert movement is not None
        assert movement.shift_px < 4
    assert len(memory._learnt) <= MAX_LEARNT


def test_a_clear_picture_of_something_else_has_structure_a_dark_one_has_not() -> None:
    memory = NudgeMemory(REFERENCE, regions=REGIONS)
    assert memory.compare(small_grey(picture("north_west"))) is None
    assert memory.structured(small_grey(picture("north_west")))
    assert not memory.structured(np.zeros((360, 640), np.uint8))


def test_a_comparison_that_is_no_longer_wanted_ends() -> None:
    memory = NudgeMemory(REFERENCE, regions=REGIONS)
    memory.abandoned = True
    assert memory.compare(small_grey(picture())) is None
