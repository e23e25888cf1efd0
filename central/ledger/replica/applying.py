"""Applies what is committed, in order: small parts on the event loop, large ones in a thread.

A thread costs two hand-overs, and while it runs Python it takes turns with the event loop: a few
records are applied sooner than that takes. What blocks, fsync, is never done here on the loop:
SQLite's own log is emptied by the thread (`checkpoint`).

Who proposed is answered once it is applied in memory. The tables get it with what follows within
`STORE_AFTER`, sooner if somebody waits for that, at once if somebody reads: a row that ten entries
touched is written once, and so is each page that rows of ten entries lie on.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from central.ledger.command import takes_long
from central.ledger.errors import OutcomeUnknown
from central.ledger.replica.workers import Writer
from central.ledger.state.state_machine import Applied, Reader, StateMachine
from central.raft import Entry

Answer = TypeVar("Answer")

PART_BYTES = 128 << 10
"""Applied at a time; one entry that is larger goes to the thread."""

APPLY_LATER = 0.001
LATER_BYTES = 8 << 10
"""Seconds for which a backup that has answered leaves the processor to others, and from how many
bytes of entries on: on one machine its primary, and whoever waits for that, would else wait until
it has applied them, half a millisecond. Of few it is done before the next ones come."""

STORE_AFTER = 0.25
STORE_SOON = 0.015
STORE_NEXT = 0.001
"""Seconds after which what is applied is stored, after which it is where somebody waits for it, and
after which it is where there is much: time for the answers to leave."""
STORE_ROWS = 2000
MOST_UNSTORED = 3000
"""Rows that are much, for which the event loop is held up for some 5 ms, and for how many no answer
is waited for. Not records: each spot and view is written once, however often it changed, and so is
its place in the index."""

CHECKPOINT_STORES = 64
CHECKPOINT_ROWS = 8000
"""Transactions, and rows of theirs, after which SQLite's log of the state is emptied: it then has 2
to 5 MB. A single record writes 30 KB to it."""


class Applier:
    """Belongs to the event loop. Bounded by the core, which hands out what a quorum holds."""

    def __init__(
        self,
        state_machine: StateMachine,
        writer: Writer,
        on_applied: Callable[[Sequence[Entry], list[Applied]], None],
        *,
        read: Reader,
        on_stored: Callable[[], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        """`read` says what an entry is, on the event loop; `on_stored` is told that tables are as
        far as what is applied, `on_failure` of what ends the replica.
        """
        self.state_machine = state_machine
        self._writer = writer
        self._on_applied = on_applied
        self._read = read
        self._on_stored = on_stored
        self._on_failure = on_failure
        self._waiting: deque[Entry] = deque()
        self._busy = False
        self._free = asyncio.Event()  # not busy
        self._idle = asyncio.Event()  # nor does anything wait
        self._free.set()
        self._idle.set()
        self._later: asyncio.TimerHandle | None = None  # while something is to be applied later
        self._store_due: asyncio.TimerHandle | None = None  # while there are any
        self._store_within = 0.0  # seconds, from when that was decided
        self._hurried = 0  # how many wait for what is applied to be stored
        self._stores = 0  # since the last checkpoint

    def add(self, entries: Iterable[Entry], *, next_turn: bool = False) -> None:
        """Apply these after those before: now if that is done soon, or in the loop's next turn.

        What this turn sends leaves at its end: if others wait for that, they need not wait for us.
        """
        self._waiting.extend(entries)
        if next_turn and self._waiting:
            self._idle.clear()
            asyncio.get_running_loop().call_soon(self._go_on)
        else:
            self._go_on()

    def add_later(self, entries: Sequence[Entry]) -> None:
        """Apply these after those before, much of it in a while: nobody waits for it."""
        if sum(map(_size, entries)) < LATER_BYTES:
            self.add(entries, next_turn=True)
            return
        self._waiting.extend(entries)
        if self._later is None:
            self._idle.clear()
            loop = asyncio.get_running_loop()
            self._later = loop.call_later(APPLY_LATER, self._go_on_later)

    async def alone(self, action: Callable[[], Answer]) -> Answer:
        """Do something in the thread when all that waits is stored, and nothing meanwhile."""
        while self._busy or self._waiting:
            await self._idle.wait()
        self._store()
        self._begin()
        try:
            return await self._writer.do(action)
        finally:
            self._end()

    async def stored(self) -> None:
        """Return once the tables have what was applied when this was called.

        Raises OutcomeUnknown where they cannot have it any more: the replica stops.
        """
        machine = self.state_machine
        index = machine.applied_index
        while self._busy and machine.stored_index < index:
            await self._free.wait()
        if machine.stored_index < index:
            self._store()
        if machine.stored_index < index:
            raise OutcomeUnknown

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Meanwhile store what is applied soon after it was."""
        self._hurried += 1
        self._arm()
        try:
            yield
        finally:
            self._hurried -= 1

    def close(self) -> None:
        """Store what is not yet, and release the files."""
        for due in (self._later, self._store_due):
            if due is not None:
                due.cancel()
        self.state_machine.close()

    # ---- parts ---

    def _go_on_later(self) -> None:
        self._later = None
        self._go_on()

    def _go_on(self) -> None:
        if self._busy or not self._waiting:
            return
        part, size = self._next_part()
        self._begin()
        if size > PART_BYTES:
            apply = partial(self.state_machine.apply, part)
            self._writer.begin(apply, partial(self._in_thread, part))
            return
        applied = self._guarded(partial(self.state_machine.take, part, self._read))
        if applied is not None:
            self._applied(part, applied)

    def _guarded(self, action: Callable[[], Answer]) -> Answer | None:
        try:
            return self._writer.guard(action)
        except BaseException as error:
            self._on_failure(error)
            return None

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
        machine = self.state_machine
        # Entries that need the tables, and all from the thread, are stored already.
        if machine.stored_index == machine.applied_index or machine.unstored_rows >= MOST_UNSTORED:
            self._store()
        if self._stores >= CHECKPOINT_STORES or machine.rows_since_checkpoint >= CHECKPOINT_ROWS:
            self._stores = 0
            self._writer.begin(self.state_machine.checkpoint, self._checkpointed)
        else:
            self._end()

    def _store_in_time(self) -> None:
        self._store_due = None
        if not self._busy:  # else once it is not, see `_end`
            self._store()

    def _store(self) -> None:
        if self._store_due is not None:
            self._store_due.cancel()
            self._store_due = None
        self._stores += 1
        self._guarded(self.state_machine.store)
        self._on_stored()

    def _checkpointed(self, _: None, error: BaseException | None) -> None:
        if error is not None:
            self._on_failure(error)
        else:
            self._end()

    def _begin(self) -> None:
        self._busy = True
        self._free.clear()
        self._idle.clear()

    def _end(self) -> None:
        self._busy = False
        self._free.set()
        self._arm()
        if self._waiting:
            # Not at once: messages and answers are to have their turn in between.
            asyncio.get_running_loop().call_soon(self._go_on)
        else:
            self._idle.set()

    def _arm(self) -> None:
        """See to it that what is applied is stored in time, or sooner than was decided."""
        machine = self.state_machine
        if machine.stored_index == machine.applied_index:
            return
        seconds = STORE_SOON if self._hurried else STORE_AFTER
        if machine.unstored_rows >= STORE_ROWS:
            seconds = STORE_NEXT
        if self._store_due is not None:
            if self._store_within <= seconds:
                return
            self._store_due.cancel()
        self._store_within = seconds
        loop = asyncio.get_running_loop()
        self._store_due = loop.call_later(seconds, self._store_in_time)

    def _next_part(self) -> tuple[list[Entry], int]:
        part = [self._waiting.popleft()]
        size = _size(part[0])
        while self._waiting and size + _size(self._waiting[0]) <= PART_BYTES:
            part.append(self._waiting.popleft())
            size += _size(part[-1])
        return part, size


def _size(entry: Entry) -> int:
    return PART_BYTES + 1 if takes_long(entry.data) else len(entry.data)
