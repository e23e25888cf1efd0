"""The log of one replica, in memory (section 3.5), from the place where it was compacted on."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import islice

from central.raft.messages import Configuration, Entry, Snapshot


class Log:
    """Entries start.index + 1 .. last_index, without gaps; terms never decrease.

    `_configurations` holds (index, configuration) of the start and of each entry that has one.
    `_unwritten_from` is the first index that no Effects has carried to the disk yet. `last_index`
    is kept, for it is asked for at every step: it is always the start's and how many entries.
    """

    def __init__(self, entries: Iterable[Entry] = (), *, start: Snapshot | None = None) -> None:
        self._start = start or Snapshot()
        self._entries: list[Entry] = []
        self._configurations = [(self._start.index, self._start.configuration)]
        self.last_index = self._start.index
        """Index of the last entry, the start's if there is none."""
        self._extend(list(entries))
        self._unwritten_from = self.last_index + 1

    @property
    def start(self) -> Snapshot:
        """What the state before the first entry is called; index 0 if nothing was compacted."""
        return self._start

    @property
    def last_term(self) -> int:
        """Term of the last entry, the start's if there is none."""
        return self._entries[-1].term if self._entries else self._start.term

    @property
    def configuration(self) -> Configuration:
        """The latest configuration, committed or not.

        Section 4.1: "a server always uses the latest configuration in its log".
        """
        return self._configurations[-1][1]

    @property
    def configuration_index(self) -> int:
        """The index of the latest configuration."""
        return self._configurations[-1][0]

    def term_at(self, index: int) -> int | None:
        """Return the term of the entry at `index`, or the start's; None where neither is."""
        place = index - self._start.index
        if place == 0:
            return self._start.term
        return self._entries[place - 1].term if 0 < place <= len(self._entries) else None

    def snapshot_at(self, index: int) -> Snapshot:
        """Return what a state that has applied up to `index` is called."""
        term = self.term_at(index)
        assert term is not None, f"the log does not reach entry {index}"
        place = bisect_right(self._configurations, index, key=lambda known: known[0])
        return Snapshot(index, term, self._configurations[place - 1][1])

    def between(self, first: int, last: int, *, max_bytes: int | None = None) -> tuple[Entry, ...]:
        """Return entries first..last, fewer if their data exceed `max_bytes` (but at least one)."""
        base = self._start.index
        assert first > base, "these entries were compacted"
        last = min(last, self.last_index)
        if max_bytes is not None:
            size = 0
            for index in range(first, last + 1):
                size += len(self._entries[index - base - 1].data)
                if size > max_bytes and index > first:
                    last = index - 1
                    break
        return tuple(self._entries[first - base - 1 : last - base])

    def bytes_after(self, index: int) -> int:
        """Return the bytes of data in the entries after `index`, of those that are still here."""
        kept = max(0, index - self._start.index)
        return sum(len(entry.data) for entry in islice(self._entries, kept, None))

    def append(self, term: int, data: Sequence[bytes]) -> int:
        """Add an entry for each datum at the end, as a leader does; returns the first index."""
        first = self.last_index + 1
        self._extend([Entry(index, term, datum) for index, datum in enumerate(data, start=first)])
        return first

    def append_configuration(self, term: int, configuration: Configuration) -> int:
        """Add an entry with a configuration at the end, as a leader does; returns its index."""
        index = self.last_index + 1
        self._extend([Entry(index, term, configuration=configuration)])
        return index

    def merge(self, entries: Sequence[Entry], *, committed: int) -> None:
        """Take a leader's entries: keep those that agree, replace from the first that conflicts.

        Section 3.5: "if an existing entry conflicts with a new one (same index but different
        terms), delete the existing entry and all that follow it". A committed entry never
        conflicts; if one seems to, the invariants are broken and we stop rather than lose it.
        """
        for position, entry in enumerate(entries):
            if self.term_at(entry.index) == entry.term:
                continue
            if entry.index <= self.last_index:
                if entry.index <= committed:
                    raise AssertionError(f"entry {entry.index} is committed and would be replaced")
                self._truncate(entry.index)
            self._extend(entries[position:])
            return

    def is_up_to_date(self, last_index: int, last_term: int) -> bool:
        """Return whether a log that ends so is at least as up-to-date as ours (section 3.6.1)."""
        return (last_term, last_index) >= (self.last_term, self.last_index)

    def last_agreeing(self, index: int, term: int) -> tuple[int, int]:
        """Return the last (index, term) at or before `index` whose term is at most `term`.

        Both sides use it to skip a conflicting term in one round trip instead of going back
        entry by entry (section 3.5, the optimisation after figure 3.7). Before the start nothing
        is known, and `index` comes back as it was.
        """
        base = self._start.index
        end = min(index, self.last_index) - base
        if end < 0:
            return index, 0
        place = bisect_right(self._entries, term, hi=end, key=lambda entry: entry.term)
        return base + place, self._entries[place - 1].term if place else self._start.term

    def compact(self, index: int) -> None:
        """Drop the entries up to `index`, which is on disk; the log starts there from now on."""
        assert self._start.index <= index < self._unwritten_from
        start = self.snapshot_at(index)
        del self._entries[: index - self._start.index]
        later = [known for known in self._configurations if known[0] > index]
        self._configurations = [(index, start.configuration), *later]
        self._start = start

    def restart_from(self, start: Snapshot) -> None:
        """Drop everything: a snapshot took its place."""
        self._start = start
        self._entries = []
        self.last_index = start.index
        self._configurations = [(start.index, start.configuration)]
        self._unwritten_from = start.index + 1

    def take_unwritten(self) -> tuple[Entry, ...]:
        """Return the entries that no earlier call returned, or that were replaced since."""
        if self._unwritten_from > self.last_index:
            return ()
        unwritten = tuple(self._entries[self._unwritten_from - self._start.index - 1 :])
        self._unwritten_from = self.last_index + 1
        return unwritten

    def _truncate(self, first: int) -> None:
        del self._entries[first - self._start.index - 1 :]
        self.last_index = first - 1
        self._unwritten_from = min(self._unwritten_from, first)
        # Section 4.1: "if a configuration entry is removed from the log, a server falls back to
        # the previous configuration in its log".
        while self._configurations[-1][0] >= first:
            self._configurations.pop()

    def _extend(self, entries: Sequence[Entry]) -> None:
        index, term = self.last_index, self.last_term
        for entry in entries:
            if entry.index != index + 1 or entry.term < term:
                raise AssertionError(
                    f"entry {entry.index} of term {entry.term} cannot follow {index} of term {term}"
                )
            index, term = entry.index, entry.term
            if entry.configuration is not None:
                self._configurations.append((index, entry.configuration))
        self._entries.extend(entries)
        self.last_index = index
