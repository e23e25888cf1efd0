"""What all tests share: generated cases are the same in every run; `run` is the command line."""

import pytest
from hypothesis import settings

from tests.command_line import Runner

settings.register_profile("same every time", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("same every time")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Runner:
    """The command line."""
    return Runner(capsys)
