"""Applies what is committed, in order: small parts on the event loop, large ones in a thread.

A thread costs two hand-overs, and while it runs Python it takes turns with the event loop: a few
records are applied sooner than that takes. What blocks, fsync, is never done here on the loop:
SQLite's own log is emptied by the thread (`checkpoint`).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from central.ledger.command import takes_long
from central.ledger.state_machine import Applied, StateMachine
from central.ledger.workers import Writer
from central.raft import Entry

Answer = TypeVar("Answer")

PART_BYTES = 128 << 10
"""Applied at a time, in one transaction; one entry that is larger goes to the thread."""

CHECKPOINT_PARTS = 128
CHECKPOINT_BYTES = 256 << 10
"""Parts, and bytes of entries, after which SQLite's log of the state is emptied: it then has some
5 MB. A part of one record writes 30 KB to it, one of a hundred with 16 KB ten times as much."""


class Applier:
    """Belongs to the event loop. Bounded by the core, which hands out what a quorum holds."""

    def __init__(
        self,
        state_machine: StateMachine,
        writer: Writer,
        on_applied: Callable[[Sequence[Entry], list[Applied]], None],
        *,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        """`on_failure` is told of what ends the replica."""
        self.state_machine = state_machine
        self._writer = writer
        self._on_applied = on_applied
        self._on_failure = on_failure
        self._waiting: deque[Entry] = deque()
        self._busy = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._parts = 0  # since the last checkpoint
        self._bytes = 0

    def add(self, entries: Iterable[Entry]) -> None:
        """Apply these after those before, now if that is done soon."""
        self._waiting.extend(entries)
        self._go_on()

    async def alone(self, action: Callable[[], Answer]) -> Answer:
        """Do something in the thread when all that waits is applied, and nothing meanwhile."""
        while self._busy or self._waiting:
            await self._idle.wait()
        self._begin()
        try:
            return await self._writer.do(action)
        finally:
            self._end()

    # ---- parts ---

    def _go_on(self) -> None:
        if self._busy or not self._waiting:
            return
        part, size = self._next_part()
        self._parts += 1
        self._bytes += size
        apply = partial(self.state_machine.apply, part)
        self._begin()
        if size > PART_BYTES:
            self._writer.begin(apply, partial(self._in_thread, part))
            return
        try:
            with self._writer.guarding():
                applied = apply()
        except BaseException as error:
            self._on_failure(error)
            return
        self._applied(part, applied)

    def _in_thread(
        self, part: Sequence[Entry], applied: list[Applied] | None, error: BaseException | None
    ) -> None:
        if error is not None:
            self._on_failure(error)
        else:
            assert applied is not None
            self._applied(part, applied)

    def _applied(self, part: Sequence[Entry], applied: list[Applied]) -> None:
        self._on_applied(part, applied)
        if self._parts >= CHECKPOINT_PARTS or self._bytes >= CHECKPOINT_BYTES:
            self._parts = self._bytes = 0
            self._writer.begin(self.state_machine.checkpoint, self._checkpointed)
        else:
            self._end()

    def _checkpointed(self, _: None, error: BaseException | None) -> None:
        if error is not None:
            self._on_failure(error)
        else:
            self._end()

    def _begin(self) -> None:
        self._busy = True
        self._idle.clear()

    def _end(self) -> None:
        self._busy = False
        if self._waiting:
            # Not at once: messages and answers are to have their turn in between.
            asyncio.get_running_loop().call_soon(self._go_on)
        else:
            self._idle.set()

    def _next_part(self) -> tuple[list[Entry], int]:
        part = [self._waiting.popleft()]
        size = _size(part[0])
        while self._waiting and size + _size(self._waiting[0]) <= PART_BYTES:
            part.append(self._waiting.popleft())
            size += _size(part[-1])
        return part, size


def _size(entry: Entry) -> int:
    return PART_BYTES + 1 if takes_long(entry.data) else len(entry.data)
