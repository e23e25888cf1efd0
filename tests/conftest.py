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


PROCESSES = {"e2e", "conformance", "web"}
"""Rooms of tests that start whole processes."""

PROCESSES_S = 600
"""What such a test may take on a slow and busy machine: each of its steps has a deadline."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one worker run all end-to-end tests: several groups of processes at once would wait for
    each other's processor time and not for what they test."""
    for item in items:
        if {"e2e", "conformance"} & set(item.path.parts):
            item.add_marker(pytest.mark.xdist_group("e2e"))
        if PROCESSES & set(item.path.parts):
            item.add_marker(pytest.mark.timeout(PROCESSES_S))
