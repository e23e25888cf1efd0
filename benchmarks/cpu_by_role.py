"""How much CPU the processes of a demo use, by role."""

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import psutil

ROLES = {"ledger": "replicas", "processor": "processor", "camera": "cameras"}
"""Sub-command of `parkledger` -> the role that its processes are counted as."""


@dataclass(frozen=True)
class Sample:
    """CPU seconds used so far by each process, and each process's role, at one monotonic second."""

    at: float
    seconds: Mapping[int, float]
    roles: Mapping[int, str]

    @property
    def present(self) -> frozenset[str]:
        """The roles that have a process."""
        return frozenset(self.roles.values())


def sample(parent: psutil.Process) -> Sample:
    """Look at all children of the demo now; a process that ends meanwhile is left out."""
    seconds: dict[int, float] = {}
    roles: dict[int, str] = {}
    for child in parent.children(recursive=True):
        try:
            role = role_of(child.cmdline())
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        if role is not None:
            roles[child.pid] = role
            seconds[child.pid] = times.user + times.system
    return Sample(at=time.monotonic(), seconds=seconds, roles=roles)


def role_of(command_line: list[str]) -> str | None:
    """Return the role of a child of the demo from its command line, None for other processes."""
    for argument in command_line[1:7]:  # `python -P -c PRELUDE PARENT PATH ROLE …`
        if argument in ROLES:
            return ROLES[argument]
    return None


def usage(samples: list[Sample], *, settle_s: float) -> dict[str, float]:
    """Return CPU seconds a second by role, from `settle_s` after all roles were there to the end.

    Starting (imports, the model) is thus left out. A process that started in between, as a
    replica that was brought back does, counts from its first sample.
    """
    ready = next((s.at for s in samples if s.present == frozenset(ROLES.values())), None)
    window = [] if ready is None else [s for s in samples if s.at >= ready + settle_s]
    if len(window) < 2:
        return {}
    used: defaultdict[str, float] = defaultdict(float)
    for before, after in pairwise(window):
        for pid, seconds in after.seconds.items():
            if pid in before.seconds:
                used[after.roles[pid]] += seconds - before.seconds[pid]
    span = window[-1].at - window[0].at
    return {role: seconds / span for role, seconds in used.items()}
