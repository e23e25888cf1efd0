"""Runs seeds until one has a violation: `python -m tests.mutation.hunt SEEDS SECONDS_A_SEED`.

Prints {"seed", "violation"} as JSON, or null. A core that raises, or that never comes to an end,
is one that the simulator has found out, too.
"""

import json
import signal
import sys
import traceback

from tests.simulation.world import World


class _NeverEnds(Exception):
    pass


def _stop(*_: object) -> None:
    raise _NeverEnds


def violation_of(seed: int, seconds: int) -> str | None:
    """Return what is wrong in one seed's world, or None."""
    signal.alarm(seconds)
    try:
        return World(seed).run().violation
    except _NeverEnds:
        return f"did not end within {seconds} s"
    except Exception as raised:
        where = traceback.extract_tb(raised.__traceback__)[-1].name
        return f"{type(raised).__name__} in {where}: {raised}"
    finally:
        signal.alarm(0)


def main() -> None:
    """Print the first violation."""
    seeds, seconds = map(int, sys.argv[1:])
    signal.signal(signal.SIGALRM, _stop)
    for seed in range(seeds):
        violation = violation_of(seed, seconds)
        if violation is not None:
            print(json.dumps({"seed": seed, "violation": violation.partition("\n")[0]}))
            return
    print("null")


if __name__ == "__main__":
    main()
