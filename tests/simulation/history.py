"""What clients were told: acknowledged commands and linearizable reads."""

from central.raft import Entry, ReadReady
from tests.simulation.machine import Machine, command_of
from tests.simulation.watch import Watch, demand


class History:
    """A command is acknowledged when a replica that took it applies it, however often it was sent.

    A read must see all that was acknowledged, or read, before it was asked.
    """

    def __init__(self, watch: Watch) -> None:
        self.acknowledged: dict[str, int] = {}  # command -> index at which it took effect
        self.reads = 0
        self._watch = watch
        self._seen = 0  # the highest index that any client knows of
        self._proposed: dict[tuple[str, int, int], Entry] = {}  # replica, incarnation, index
        self._asked: dict[int, tuple[str, int]] = {}  # context -> replica, what it must see
        self._took_effect: dict[str, int] = {}

    def proposed(self, name: str, incarnation: int, entry: Entry) -> None:
        """Note that a leader took a command."""
        self._proposed[name, incarnation, entry.index] = entry

    def applied(self, name: str, incarnation: int, entry: Entry, machine: Machine) -> None:
        """Note that a replica applied an entry; if it had been proposed there, it is answered."""
        if not entry.data:
            return
        command = command_of(entry.data)
        index = machine.executed[command]
        known = self._took_effect.setdefault(command, index)
        demand(known == index, "command executed twice", name, command, known, index)
        if self._proposed.pop((name, incarnation, entry.index), None) != entry:
            return
        safe = self._watch.on_a_quorum(entry)
        demand(safe, "acknowledged without a quorum of disks", name, entry)
        self.acknowledged[command] = index
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

    def check_all_kept(self, machine: Machine) -> None:
        """Check that what was acknowledged is still in the state of a replica that has it all."""
        for command, index in self.acknowledged.items():
            kept = machine.executed.get(command) == index
            demand(kept, "acknowledged and lost", command, index)
