"""One world and one small studio for all these tests: both take a moment to make."""

import pytest

from sample_videos.draw import Studio
from sample_videos.lot import cameras
from sample_videos.render import SEED
from sample_videos.schedule import World, make_world
from sample_videos.truth import Changes, truth_of


@pytest.fixture(scope="session")
def world() -> World:
    return make_world(SEED, 60.0)


@pytest.fixture(scope="session")
def studio(world: World) -> Studio:
    return Studio(cameras(256, 144)[0], world, SEED)


@pytest.fixture(scope="session")
def truth(world: World) -> dict[str, Changes]:
    return truth_of(world)
