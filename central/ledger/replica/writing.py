"""Effects in their order: what has to be on disk first is written, then obeyed.

On the event loop as long as the disk is quick: two hand-overs to a thread cost more than there is
to do meanwhile. A primary first lets its messages leave, with the loop's turn, for its backups
write while it does; and with the next one the answers to what is committed and was written before:
their clients go on meanwhile. Else in a thread; what gathers meanwhile becomes the next write, with
one fsync.
A primary whose quick disk hangs of a sudden speaks to nobody, and another one is elected: it could
have answered nobody either.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from central.ledger.log.storage import Storage
from central.ledger.replica.workers import Writer
from central.raft import Effects, Entry, Persist, merge_writes, split_committed

QUICK_S = 0.002
QUICK_LEADING_S = 0.001
"""Writes that take longer on average, or longer for a primary, which has more to do meanwhile, are
left to the thread, and so are the first dozen of a primary."""

_WEIGHT = 0.25  # of the last write in that average: one that took long lets some ten go there


class LogWriter:
    """Belongs to the event loop. Bounded by the core, which limits what is not committed."""

    def __init__(
        self,
        storage: Storage,
        writer: Writer,
        *,
        obey: Callable[[Sequence[Effects]], None],
        apply: Callable[[Sequence[Entry]], None],
        leads: Callable[[], bool],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        """`obey` is given what is on disk now, `apply` what a primary need not wait for: within the
        loop's next turn. `leads` says whether others wait for what this turn of the event loop
        sends; `on_failure` is told of what ends the replica.
        """
        self._storage = storage
        self._writer = writer
        self._obey = obey
        self._apply = apply
        self._leads = leads
        self._on_failure = on_failure
        self._waiting: deque[Effects] = deque()
        self._under_way: Sequence[Effects] = ()  # being written
        self._held = False  # meanwhile, or because somebody wants it so
        self._usual_s = 10 * QUICK_S  # that a write takes; not known yet
        self._led = False  # at the last write

    @property
    def is_busy(self) -> bool:
        """Whether what is added now waits for something before it."""
        return self._held

    def add(self, effects: Effects) -> None:
        """Write and obey these after those before; at once if there is nothing to write."""
        if effects.committed and self._leads() and self._may_be_early(effects):
            early, effects = split_committed(effects, (*self._under_way, *self._waiting))
            if early:
                self._apply(early)
        self._waiting.append(effects)
        self._go_on()

    def hold(self) -> None:
        """Begin nothing before `release`."""
        self._held = True

    def release(self) -> None:
        """Go on."""
        self._held = False
        self._go_on()

    def _may_be_early(self, effects: Effects) -> bool:
        if self._held:
            return bool(self._under_way)  # else somebody holds all
        return effects.persist is not None  # else it is obeyed at once

    def _go_on(self) -> None:
        while self._waiting and not self._held:
            batch = [self._waiting.popleft()]
            # A restore is obeyed to its end before anything later is begun.
            while self._waiting and batch[-1].restore is None:
                batch.append(self._waiting.popleft())
            writes = merge_writes(effects.persist for effects in batch if effects.persist)
            if not writes:
                self._obey(batch)
                continue
            write, leads = partial(self._write, writes), self._leads()
            if leads and not self._led:
                self._usual_s = 10 * QUICK_S  # nobody is to be deposed as soon as elected
            self._led = leads
            quick = self._usual_s < (QUICK_LEADING_S if leads else QUICK_S)
            if not (quick and all(map(self._storage.is_short, writes))):
                self._held, self._under_way = True, batch
                self._writer.begin(write, partial(self._wrote, batch))
            elif leads:
                self._held, self._under_way = True, batch
                loop = asyncio.get_running_loop()
                loop.call_soon(loop.call_soon, self._write_now, write, batch)
            else:
                self._held = True  # for good, if it fails
                self._writer.guard(write)
                self._held = False
                self._obey(batch)

    def _write_now(self, write: Callable[[], None], batch: Sequence[Effects]) -> None:
        error: BaseException | None = None
        try:
            self._writer.guard(write)
        except BaseException as caught:
            error = caught
        self._wrote(batch, None, error)

    def _write(self, writes: Sequence[Persist]) -> None:
        began = time.perf_counter()
        for write in writes:
            self._storage.write(write)
        self._usual_s += _WEIGHT * (time.perf_counter() - began - self._usual_s)

    def _wrote(self, batch: Sequence[Effects], _: None, error: BaseException | None) -> None:
        self._under_way = ()
        if error is not None:
            self._on_failure(error)  # and nothing is obeyed any more: it may rest on that write
            return
        self._held = False
        try:
            self._obey(batch)
            self._go_on()
        except BaseException as caught:
            self._on_failure(caught)
