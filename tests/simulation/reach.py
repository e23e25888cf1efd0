"""How often each branch of the core is taken: what is never reached was not tested.

Counts jumps from line to line with a trace function, and compares them with those that the source
allows (coverage.py's parser knows them).
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from coverage.parser import PythonParser

import central.raft

_FOLDER = Path(central.raft.__file__).parent

Jumps = Counter[tuple[str, int, int]]
"""(file name, from line, to line) -> how often; a to line below 0 leaves the function."""


@contextmanager
def counted() -> Iterator[Jumps]:
    """Count all jumps inside the core while in the block, which gets slow."""
    jumps: Jumps = Counter()
    folder = str(_FOLDER)

    def enter(frame: FrameType, event: str, argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(folder):
            return None
        name = Path(frame.f_code.co_filename).name
        before = -1

        def follow(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal before
            if event == "line":
                jumps[name, before, frame.f_lineno] += 1
                before = frame.f_lineno
            elif event == "return":
                jumps[name, before, -1] += 1
            return follow

        return follow

    sys.settrace(enter)
    try:
        yield jumps
    finally:
        sys.settrace(None)


def branches(jumps: Jumps) -> Iterator[tuple[str, str, int]]:
    """Yield for each branch of the core its place, the line that decides, and how often taken."""
    for path in sorted(_FOLDER.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        lines = source.splitlines()
        parser = PythonParser(text=source, filename=str(path))
        parser.parse_source()
        targets: dict[int, set[int]] = {}
        for begin, end in parser.arcs():
            if begin > 0:
                targets.setdefault(begin, set()).add(max(end, -1))
        for line, ends in sorted(targets.items()):
            if len(ends) > 1:
                for end in sorted(ends):
                    where = f"to {end}" if end > 0 else "out"
                    place = f"{path.name}:{line} {where}"
                    yield place, lines[line - 1].strip(), jumps[path.name, line, end]
