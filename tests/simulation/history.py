"""What clients were told: acknowledged proposals and linearizable reads."""

from central.raft import Entry, ReadReady
from tests.simulation.watch import Watch, demand


class History:
    """A proposal is acknowledged when the replica that took it applies it.

    A read must see all that was acknowledged, or read, before it was asked.
    """

    def __init__(self, watch: Watch) -> None:
        self.acknowledged: dict[int, Entry] = {}
        self.reads = 0
        self._watch = watch
        self._seen = 0  # the highest index that any client knows of
        self._proposed: dict[tuple[str, int, int], Entry] = {}  # replica, incarnation, index
        self._asked: dict[int, tuple[str, int]] = {}  # context -> replica, what it must see
        self._index_of: dict[bytes, int] = {}

    def proposed(self, name: str, incarnation: int, entry: Entry) -> None:
        """Note that a leader took a payload which nobody else proposes."""
        self._proposed[name, incarnation, entry.index] = entry

    def applied(self, name: str, incarnation: int, entry: Entry) -> None:
        """Note that a replica applied an entry; if it had been proposed there, it is answered."""
        if entry.data:
            index = self._index_of.setdefault(entry.data, entry.index)
            demand(index == entry.index, "payload applied twice", index, entry.index)
        if self._proposed.pop((name, incarnation, entry.index), None) != entry:
            return
        safe = self._watch.on_a_quorum(entry.index, entry.term)
        demand(safe, "acknowledged without a quorum of disks", name, entry)
        self.acknowledged[entry.index] = entry
        self._seen = max(self._seen, entry.index)

    def asked(self, name: str, context: int) -> None:
        """Note that a read was asked of a replica."""
        self._asked[context] = (name, self._seen)

    def answered(self, name: str, ready: ReadReady, *, applied: int) -> None:
        """Note that a read may be answered from what is applied at a replica."""
        where, seen = self._asked.pop(ready.context, ("nobody", 0))
        demand(where == name, "read answered twice, or elsewhere", name, ready.context)
        demand(ready.index >= seen, "stale read", name, ready.index, seen)
        demand(applied >= ready.index, "read answered before its index is applied", name)
        self.reads += 1
        self._seen = max(self._seen, ready.index)

    def check_all_kept(self) -> None:
        """Check that what was acknowledged is still what is committed."""
        for index, entry in self.acknowledged.items():
            kept = self._watch.committed[index - 1] == entry
            demand(kept, "acknowledged and lost", entry)
