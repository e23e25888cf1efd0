"""Child processes that live no longer than this one, with their logs in files."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import node
from node.errors import OperationError, ParkledgerError, UsageError

# A child of its own process group (so that Ctrl-C reaches only us, who stop it in order) would
# survive us if we were killed. The kernel's parent-death signal covers that; the check after it
# covers our death before it was set. Nothing is forked with threads about: this runs in the child.
_PRELUDE = """
import ctypes, os, runpy, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
if os.getppid() != int(sys.argv.pop(1)):
    sys.exit("the demo is gone")
sys.path.append(sys.argv.pop(1))
sys.argv[0] = "parkledger"
runpy.run_module("node", run_name="__main__", alter_sys=True)
"""

LOG_TAIL_LINES = 3


def command_line(arguments: Sequence[str]) -> list[str]:
    """Return how to run `parkledger ARGUMENTS...` as a child that dies with this process."""
    # -P: where the person stands there may be a folder called `node`. Ours is appended for a
    # checkout that is not installed.
    ours = str(Path(node.__file__).parents[1])
    return [sys.executable, "-P", "-c", _PRELUDE, str(os.getpid()), ours, *arguments]


@dataclass
class Child:
    """One process. `stopping` is set before it is asked to end: only then may it."""

    name: str
    arguments: tuple[str, ...]
    log: Path
    process: asyncio.subprocess.Process
    waiter: asyncio.Task[None] | None = None
    stopping: bool = False

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self.process.returncode is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal if the process still runs."""
        if self.running:
            self.process.send_signal(number)


@dataclass
class Supervisor:
    """Starts, kills, stops and mourns children by name."""

    directory: Path
    children: dict[str, Child] = field(default_factory=dict)
    _death: "asyncio.Future[Child] | None" = None

    async def start(
        self, name: str, arguments: Sequence[str], *, environment: dict[str, str] | None = None
    ) -> None:
        """Start `parkledger ARGUMENTS...`; its output is appended to DIRECTORY/NAME.log."""
        log = self.directory / f"{name}.log"
        # The demo decides everything: a PARKLEDGER_ variable of the person's shell, meant for
        # a node of theirs, must not change what the nodes here do.
        inherited = {key: value for key, value in os.environ.items() if key[:11] != "PARKLEDGER_"}
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *command_line(arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=inherited | (environment or {}),
                process_group=0,
            )
        child = Child(name=name, arguments=tuple(arguments), log=log, process=process)
        child.waiter = asyncio.create_task(self._mourn(child))
        self.children[name] = child

    async def kill(self, name: str) -> None:
        """End a child as a power cut would (SIGKILL); returns when it is gone."""
        child = self.children[name]
        child.stopping = True
        child.signal(signal.SIGKILL)
        await child.process.wait()

    async def stop(self, names: Iterable[str], *, grace: float) -> None:
        """Ask children to end, side by side; kill those that have not after `grace` seconds."""
        children = [self.children[name] for name in names if name in self.children]
        for child in children:
            child.stopping = True
            child.signal(signal.SIGTERM)
            child.signal(signal.SIGCONT)  # one that was frozen could not end
        waiters = [child.waiter for child in children if child.waiter is not None]
        if not waiters:
            return
        _, late = await asyncio.wait(waiters, timeout=grace)
        if late:
            for child in children:
                child.signal(signal.SIGKILL)
            await asyncio.wait(late)

    def freeze(self, names: Iterable[str]) -> None:
        """Hold children as they are (SIGSTOP): their connections stay open, nothing moves."""
        for name in names:
            self.children[name].signal(signal.SIGSTOP)

    async def death(self) -> ParkledgerError:
        """Wait until a child ends that nobody asked to, and return the error that says so."""
        return _obituary(await self._first_death())

    def _first_death(self) -> "asyncio.Future[Child]":
        if self._death is None:
            self._death = asyncio.get_running_loop().create_future()
        return self._death

    async def _mourn(self, child: Child) -> None:
        await child.process.wait()
        death = self._first_death()
        if not child.stopping and not death.done():
            death.set_result(child)


def _obituary(child: Child) -> ParkledgerError:
    code = child.process.returncode
    tail = log_tail(child.log)
    if code == 2:
        # It was wrongly asked, so we were: pass on what it says, and the exit code.
        return UsageError(f"{child.name}: {tail[-1].removeprefix('parkledger: ')}")
    how = f"exit code {code}" if code is None or code >= 0 else signal.Signals(-code).name
    return OperationError(f"{child.name} ended unexpectedly ({how}): {' | '.join(tail)}")


def log_tail(log: Path) -> list[str]:
    """Return the last lines of a log that say something; at least one."""
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-LOG_TAIL_LINES:] or ["its log is empty"]
