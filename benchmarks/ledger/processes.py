"""Processes that live no longer than the benchmark, with their output in files."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from node.errors import OperationError

# Killed with this process, however it ends: the parent-death signal outlives an exec.
_PRELUDE = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
if os.getppid() != int(sys.argv[1]):
    sys.exit("the benchmark is gone")
os.execvp(sys.argv[2], sys.argv[2:])
"""
TAIL_LINES = 3


def bound_to_us(command: Sequence[str]) -> list[str]:
    """Return a command line that runs `command` as a child that dies with this process."""
    if shutil.which("setpriv"):  # of util-linux: it costs milliseconds less than a Python would
        return ["setpriv", "--pdeathsig", "KILL", *command]
    return [sys.executable, "-I", "-c", _PRELUDE, str(os.getpid()), *command]


class Process:
    """One child; `log` gets its output."""

    def __init__(self, child: asyncio.subprocess.Process, log: Path) -> None:
        self._child = child
        self._log = log

    @classmethod
    async def start(cls, command: Sequence[str], *, log: Path) -> "Process":
        """Start a command line as it is (see `bound_to_us`)."""
        inherited = {
            key: value
            for key, value in os.environ.items()
            # As an installed program does, ours is to find its modules compiled.
            if not key.startswith(("PARKLEDGER_", "ETCD_", "PYTHONDONTWRITEBYTECODE"))
        }
        with log.open("ab") as output:
            child = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=inherited,
                start_new_session=True,
            )
        return cls(child, log)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._child.pid

    def check(self) -> None:
        """Raise OperationError with the end of its log if it has ended."""
        if self._child.returncode is not None:
            raise OperationError(
                f"{self._log.stem} ended with exit code {self._child.returncode}: {self._tail()}"
            )

    async def kill(self) -> None:
        """End it as a power cut would; returns when it is gone."""
        if self._child.returncode is None:
            self._child.send_signal(signal.SIGKILL)
        await self._child.wait()

    def _tail(self) -> str:
        text = self._log.read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return " | ".join(lines[-TAIL_LINES:]) or "it said nothing"
