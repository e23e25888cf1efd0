"""The threads of one replica: what blocks has a thread of its own, in which calls keep order."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from node.errors import OperationError

Answer = TypeVar("Answer")


class Worker:
    """One thread that does one thing after the other."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def do(self, action: Callable[[], Answer]) -> Answer:
        """Run it there, and wait."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, action)

    def close(self) -> None:
        """End, after what has begun."""
        self._executor.shutdown(wait=True)


class Writer(Worker):
    """Writes a file that the replica cannot do without: if the disk fails, the replica stops.

    After a failed fsync nobody knows what is on the disk (fsyncgate): the others elect a primary,
    and what was not written was never acked.
    """

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name)
        self._path = path

    async def do(self, action: Callable[[], Answer]) -> Answer:
        """Run it there, and wait; raises OperationError if the disk fails."""
        try:
            return await super().do(action)
        except (OSError, sqlite3.Error) as error:
            raise OperationError(
                f"{self._path} cannot be written ({error}): this replica stops; free or replace "
                "the disk, then start it again"
            ) from error


class Workers:
    """disk: the log; state: applying; query: reading; snapshot: copying the state for others."""

    def __init__(self, *, log: Path, state: Path) -> None:
        self.disk = Writer("disk", log)
        self.state = Writer("apply", state)
        self.query = Worker("query")
        self.snapshot = Worker("snapshot")

    def close(self) -> None:
        """End them all."""
        for worker in (self.disk, self.state, self.query, self.snapshot):
            worker.close()
