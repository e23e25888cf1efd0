"""The log of one replica, in memory (section 3.5)."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from central.raft.messages import Entry


class Log:
    """Entries 1..last_index. Invariant: `entries[i].index == i + 1`, terms never decrease.

    `unwritten_from` is the first index that no Effects has carried to the disk yet.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: list[Entry] = []
        self._extend(list(entries))
        self._unwritten_from = self.last_index + 1

    @property
    def last_index(self) -> int:
        """Index of the last entry, 0 if there is none."""
        return len(self._entries)

    @property
    def last_term(self) -> int:
        """Term of the last entry, 0 if there is none."""
        return self._entries[-1].term if self._entries else 0

    def term_at(self, index: int) -> int | None:
        """Return the term of the entry at `index`; 0 for index 0; None where there is no entry."""
        if index == 0:
            return 0
        return self._entries[index - 1].term if index <= len(self._entries) else None

    def between(self, first: int, last: int, *, max_bytes: int | None = None) -> tuple[Entry, ...]:
        """Return entries first..last, fewer if their data exceed `max_bytes` (but at least one)."""
        last = min(last, self.last_index)
        if max_bytes is not None:
            size = 0
            for index in range(first, last + 1):
                size += len(self._entries[index - 1].data)
                if size > max_bytes and index > first:
                    last = index - 1
                    break
        return tuple(self._entries[first - 1 : last])

    def append(self, term: int, data: Sequence[bytes]) -> int:
        """Add an entry for each datum at the end, as a leader does; returns the first index."""
        first = self.last_index + 1
        self._extend([Entry(index, term, datum) for index, datum in enumerate(data, start=first)])
        return first

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
                del self._entries[entry.index - 1 :]
                self._unwritten_from = min(self._unwritten_from, entry.index)
            self._extend(entries[position:])
            return

    def is_up_to_date(self, last_index: int, last_term: int) -> bool:
        """Return whether a log that ends so is at least as up-to-date as ours (section 3.6.1)."""
        return (last_term, last_index) >= (self.last_term, self.last_index)

    def last_agreeing(self, index: int, term: int) -> tuple[int, int]:
        """Return the last (index, term) at or before `index` whose term is at most `term`.

        Both sides use it to skip a conflicting term in one round trip instead of going back
        entry by entry (section 3.5, the optimisation after figure 3.7).
        """
        end = min(index, self.last_index)
        index = bisect_right(self._entries, term, hi=end, key=lambda entry: entry.term)
        return index, self.term_at(index) or 0

    def take_unwritten(self) -> tuple[Entry, ...]:
        """Return the entries that no earlier call returned, or that were replaced since."""
        unwritten = tuple(self._entries[self._unwritten_from - 1 :])
        self._unwritten_from = self.last_index + 1
        return unwritten

    def _extend(self, entries: Sequence[Entry]) -> None:
        index, term = self.last_index, self.last_term
        for entry in entries:
            if entry.index != index + 1 or entry.term < term:
                raise AssertionError(
                    f"entry {entry.index} of term {entry.term} cannot follow {index} of term {term}"
                )
            index, term = entry.index, entry.term
        self._entries.extend(entries)
