"""What the core asks of the world, as values: persist, send, apply, answer."""

from dataclasses import dataclass

from central.raft.messages import Entry, Message


@dataclass(frozen=True, slots=True)
class HardState:
    """What must survive a crash besides the log (figure 3.1: currentTerm, votedFor)."""

    term: int = 0
    vote: str | None = None


@dataclass(frozen=True, slots=True)
class Persist:
    """Write both with one fsync. Entries replace everything from the first one's index on."""

    hard_state: HardState | None
    entries: tuple[Entry, ...]

    def merged(self, later: "Persist") -> "Persist":
        """Return the one write that leaves the disk as this one and then `later` would."""
        kept = self.entries
        if later.entries:
            first = later.entries[0].index
            kept = tuple(entry for entry in kept if entry.index < first)
        return Persist(hard_state=later.hard_state or self.hard_state, entries=kept + later.entries)


@dataclass(frozen=True, slots=True)
class ReadReady:
    """The read that was asked for with `context` may be answered from state at `index` or later."""

    context: int
    index: int


@dataclass(frozen=True, slots=True)
class Effects:
    """Obey in this order; steps 2 and 3 of one Effects come before those of the next.

    Also an Effects that has nothing to persist waits with step 3 until earlier ones are written:
    what it says may rest on them.

    1. Send `messages_now`: they depend on nothing unwritten (section 10.2.1 lets a leader
       replicate while it writes to its own disk).
    2. Write `persist`.
    3. Then send `messages_after` (those addressed to the replica itself go back into its own
       `step`), apply `committed`, answer `reads`.
    """

    messages_now: tuple[Message, ...]
    persist: Persist | None
    messages_after: tuple[Message, ...]
    committed: tuple[Entry, ...]
    reads: tuple[ReadReady, ...]
