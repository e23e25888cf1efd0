"""Large buffers that are made and dropped again and again."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys, threading
import numpy as np
from node.memory import keep_large_buffers

if sys.argv[1] == "keep":
    keep_large_buffers()

def work():
    for number in range(60):
        if number == 10:
            before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
        buffers = [np.ones(700_000 * (1 + place), np.uint8) for place in range(4)]
    print(resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before)

thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


def faults(how: str) -> int:
    """Return how often a thread needed fresh pages for 50 times 7 MB."""
    command = [sys.executable, "-c", SCRIPT, how]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="counts page faults of a thread")
def test_their_pages_are_kept() -> None:
    given_back = faults("as it is")
    if given_back < 5_000:
        pytest.skip("this C library keeps them by itself")
    assert faults("keep") < given_back / 20
