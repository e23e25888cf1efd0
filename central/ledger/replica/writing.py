"""Effects in their order: what has to be on disk first is written, then obeyed.

In a thread, as a rule: while a write is under way what gathers becomes the next one, with one
fsync, and a primary goes on whose disk hangs. A backup has little to do meanwhile that does not
wait for the same disk: as long as that is quick, it writes on the event loop and spares two
hand-overs.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from central.ledger.log.storage import Storage
from central.ledger.replica.workers import Writer
from central.raft import Effects, Persist, merge_writes

QUICK_S = 0.002
"""Writes that take longer on average are left to the thread."""

_WEIGHT = 0.25  # of the last write in that average: one that took long lets some ten go there


class LogWriter:
    """Belongs to the event loop. Bounded by the core, which limits what is not committed."""

    def __init__(
        self,
        storage: Storage,
        writer: Writer,
        *,
        obey: Callable[[Sequence[Effects]], None],
        may_block: Callable[[], bool],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        """`obey` is given what is on disk now; `may_block` says whether the event loop may wait for
        a quick disk; `on_failure` is told of what ends the replica.
        """
        self._storage = storage
        self._writer = writer
        self._obey = obey
        self._may_block = may_block
        self._on_failure = on_failure
        self._waiting: deque[Effects] = deque()
        self._held = False  # while a write is under way, or somebody wants it so
        self._usual_s = 10 * QUICK_S  # that a write takes; not known yet

    @property
    def is_busy(self) -> bool:
        """Whether what is added now waits for something before it."""
        return self._held

    def add(self, effects: Effects) -> None:
        """Write and obey these after those before; at once if there is nothing to write."""
        self._waiting.append(effects)
        self._go_on()

    def hold(self) -> None:
        """Begin nothing before `release`."""
        self._held = True

    def release(self) -> None:
        """Go on."""
        self._held = False
        self._go_on()

    def _go_on(self) -> None:
        while self._waiting and not self._held:
            batch = [self._waiting.popleft()]
            # A restore is obeyed to its end before anything later is begun.
            while self._waiting and batch[-1].restore is None:
                batch.append(self._waiting.popleft())
            writes = merge_writes(effects.persist for effects in batch if effects.persist)
            if writes and not self._is_quick(writes):
                self._held = True
                self._writer.begin(partial(self._write, writes), partial(self._wrote, batch))
                return
            if writes:
                self._writer.guard(partial(self._write, writes))
            self._obey(batch)

    def _is_quick(self, writes: Sequence[Persist]) -> bool:
        quick = self._usual_s < QUICK_S and self._may_block()
        return quick and all(map(self._storage.is_short, writes))

    def _write(self, writes: Sequence[Persist]) -> None:
        began = time.perf_counter()
        for write in writes:
            self._storage.write(write)
        self._usual_s += _WEIGHT * (time.perf_counter() - began - self._usual_s)

    def _wrote(self, batch: Sequence[Effects], _: None, error: BaseException | None) -> None:
        self._held = False
        try:
            if error is not None:
                raise error
            self._obey(batch)
            self._go_on()
        except BaseException as caught:
            self._on_failure(caught)
