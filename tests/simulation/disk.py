"""A replica's disk as the core may rely on it: a write counts once fsync has returned."""

import random

from central.raft import Entry, HardState, Persist


class Disk:
    """What a crash leaves. Writes go one at a time, each in one transaction.

    `applied` is the state machine's own index: it reaches the disk with the next write, so a
    restart applies some entries again.
    """

    def __init__(self) -> None:
        self.hard_state = HardState()
        self.entries: list[Entry] = []
        self.applied = 0
        self._under_way: tuple[Persist, int] | None = None

    def begin(self, persist: Persist, *, applied: int) -> None:
        """Start a write and its fsync."""
        assert self._under_way is None
        self._under_way = (persist, applied)

    def finish(self) -> None:
        """Let the fsync return: what was begun survives every crash from now on."""
        assert self._under_way is not None
        persist, self.applied = self._under_way
        self._under_way = None
        if persist.hard_state is not None:
            self.hard_state = persist.hard_state
        if persist.entries:
            first = persist.entries[0].index
            assert first <= len(self.entries) + 1, "a write leaves a gap in the log on disk"
            self.entries[first - 1 :] = persist.entries

    def crash(self, rng: random.Random) -> str:
        """Lose power. A write that had not returned is lost, or on disk without anyone knowing."""
        if self._under_way is None:
            return "crash between writes"
        if rng.random() < 0.5:
            self.finish()
            return "crash after fsync, before it was known"
        self._under_way = None
        return "crash with a write lost"

    @property
    def under_way(self) -> Persist | None:
        """The write that has not returned yet."""
        return self._under_way[0] if self._under_way else None

    def holds(self, index: int, term: int) -> bool:
        """Return whether this very entry is safe here."""
        return index <= len(self.entries) and self.entries[index - 1].term == term
