"""Effects in their order: what has to be on disk first is written, in a thread, then obeyed.

While a write is under way what gathers becomes the next one, with one fsync.
"""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from central.ledger.storage import Storage
from central.ledger.workers import Writer
from central.raft import Effects, Persist, merge_writes


class LogWriter:
    """Belongs to the event loop. Bounded by the core, which limits what is not committed."""

    def __init__(
        self,
        storage: Storage,
        writer: Writer,
        *,
        obey: Callable[[Sequence[Effects]], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        """`obey` is given what is on disk now; `on_failure` is told of what ends the replica."""
        self._storage = storage
        self._writer = writer
        self._obey = obey
        self._on_failure = on_failure
        self._waiting: deque[Effects] = deque()
        self._held = False  # while a write is under way, or somebody wants it so

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
            if not writes:
                self._obey(batch)
                continue
            self._held = True
            self._writer.begin(partial(self._write, writes), partial(self._wrote, batch))

    def _write(self, writes: Sequence[Persist]) -> None:
        for write in writes:
            self._storage.write(write)

    def _wrote(self, batch: Sequence[Effects], _: None, error: BaseException | None) -> None:
        self._held = False
        try:
            if error is not None:
                raise error
            self._obey(batch)
            self._go_on()
        except BaseException as caught:
            self._on_failure(caught)
