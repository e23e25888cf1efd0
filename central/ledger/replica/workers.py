"""The threads of one replica: what blocks has a thread of its own, in which calls keep order."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from node.errors import OperationError

Answer = TypeVar("Answer")
Then = Callable[[Answer | None, BaseException | None], None]
"""Told what came of it: an answer, or an error."""


class Worker:
    """One thread that does one thing after the other.

    Not an executor: handing over through two kinds of futures costs more than most things that are
    handed over here. Bounded by its callers, of whom each waits, or begins one thing at a time.
    """

    def __init__(self, name: str) -> None:
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name)
        self._thread.start()

    async def do(self, action: Callable[[], Answer]) -> Answer:
        """Run it there, and wait. If the waiting is cancelled, it runs all the same."""
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def tell(answer: Answer | None, error: BaseException | None) -> None:
            if done.done():
                return
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(answer)  # type: ignore[arg-type]  # what the action returned

        self.begin(action, tell)
        return await done

    def begin(
        self,
        action: Callable[[], Answer],
        then: Callable[[Answer | None, BaseException | None], None],
    ) -> None:
        """Run it there; `then` is called in the event loop."""
        loop = asyncio.get_running_loop()

        def run() -> None:
            answer: Any = None
            error: BaseException | None = None
            try:
                answer = action()
            except BaseException as caught:
                error = caught
            if not loop.is_closed():
                loop.call_soon_threadsafe(then, answer, error)

        self._tasks.put(run)

    def close(self) -> None:
        """End, after what has begun."""
        self._tasks.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()


class Writer(Worker):
    """Writes a file that the replica cannot do without: if the disk fails, the replica stops.

    After a failed fsync nobody knows what is on the disk (fsyncgate): the others elect a primary,
    and what was not written was never acked.
    """

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name)
        self._path = path

    def begin(
        self,
        action: Callable[[], Answer],
        then: Callable[[Answer | None, BaseException | None], None],
    ) -> None:
        """Run it there; the error is an OperationError if the disk fails."""

        super().begin(lambda: self.guard(action), then)

    def guard(self, action: Callable[[], Answer]) -> Answer:
        """Do it here; raises OperationError if the disk fails."""
        try:
            return action()
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
