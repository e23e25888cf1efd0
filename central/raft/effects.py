"""What the core asks of the world, as values: persist, send, apply, answer."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from central.raft.messages import Entry, Message, Snapshot


@dataclass(frozen=True, slots=True)
class HardState:
    """What must survive a crash besides the log (figure 3.1: currentTerm, votedFor)."""

    term: int = 0
    vote: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a snapshot that arrives: to be kept at `offset` of the bytes of `identity`.

    At offset 0 whatever was kept of other snapshots is dropped: one arrives at a time.
    """

    snapshot: Snapshot
    identity: bytes
    size: int
    offset: int
    data: bytes

    @property
    def end(self) -> int:
        """The offset after its last byte."""
        return self.offset + len(self.data)


@dataclass(frozen=True, slots=True)
class Restore:
    """Replace the state machine by the snapshot whose pieces are all on disk."""

    snapshot: Snapshot
    identity: bytes


@dataclass(frozen=True, slots=True)
class Persist:
    """Write everything with one fsync, in this order.

    `hard_state`; `restore`: that this is to be done, its pieces being on disk already, and all
    entries are dropped; `pieces`; `start`: the log starts after it from now on, so entries up to
    its index are dropped; `entries` replace everything from the first one's index on.
    """

    hard_state: HardState | None = None
    entries: tuple[Entry, ...] = ()
    start: Snapshot | None = None
    restore: Restore | None = None
    pieces: tuple[Piece, ...] = ()

    def _merged(self, later: "Persist") -> "Persist":
        kept = self.entries
        if later.entries:
            first = later.entries[0].index
            kept = tuple(entry for entry in kept if entry.index < first)
        return Persist(
            hard_state=later.hard_state or self.hard_state,
            entries=kept + later.entries,
            start=self.start,
            restore=self.restore,
            pieces=self.pieces + later.pieces,
        )


def merge_writes(writes: Iterable[Persist]) -> list[Persist]:
    """Return the fewest writes that leave the disk as all of these would, one after the other.

    A write that moves the log's start joins no earlier one: that one's entries may truncate the
    log, and must have done so before.
    """
    merged: list[Persist] = []
    for write in writes:
        if merged and write.start is None:
            merged[-1] = merged[-1]._merged(write)
        else:
            merged.append(write)
    return merged


@dataclass(frozen=True, slots=True)
class PieceWanted:
    """Read a piece of a snapshot for a follower and hand it to `Raft.piece_read`.

    With identity None, of any snapshot that is at least as new as the start of the log and as
    `at_least`, if the state is, from offset 0; otherwise of that one, or if it is gone of any, from
    offset 0.
    """

    receiver: str
    identity: bytes | None
    offset: int
    at_least: int = 0


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
       replicate while it writes to its own disk). Read `pieces_wanted`, whenever convenient.
    2. Write `persist`.
    3. Then send `messages_after` (those addressed to the replica itself go back into its own
       `step`), obey `restore`, apply `committed`, answer `reads`. After writing a snapshot's last
       piece, check its bytes and call `Raft.snapshot_received`.

    An Effects with `restore` is obeyed to its end before any later one is begun. A crash between
    its steps 2 and 3 must not lose it: the next start does it first.

    What of `committed` is on disk already may be applied before (see `split_committed`).
    """

    messages_now: tuple[Message, ...] = ()
    persist: Persist | None = None
    messages_after: tuple[Message, ...] = ()
    committed: tuple[Entry, ...] = ()
    reads: tuple[ReadReady, ...] = ()
    restore: Restore | None = None
    pieces_wanted: tuple[PieceWanted, ...] = ()


def split_committed(
    effects: Effects, before: Iterable[Effects]
) -> tuple[tuple[Entry, ...], Effects]:
    """Return the entries that may be applied without waiting for any write, and what is left.

    before: the Effects that are not obeyed to their end, in order. What is committed was written
    before it came here, or is in one of these writes: entries below the first of them are on disk,
    and have their turn if none of an earlier Effects still waits.
    """
    if not effects.committed or effects.restore is not None:
        return (), effects
    waiting = tuple(before)
    if any(one.committed or one.restore is not None for one in waiting):
        return (), effects
    unwritten = [
        one.persist.entries[0].index
        for one in (*waiting, effects)
        if one.persist is not None and one.persist.entries
    ]
    committed = effects.committed
    if unwritten:
        first = min(unwritten)
        committed = tuple(entry for entry in committed if entry.index < first)
    return committed, replace(effects, committed=effects.committed[len(committed) :])
