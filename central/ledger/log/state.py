"""What a replica's log is but for its entries, and what a write makes of it. Pure."""

from dataclasses import dataclass, replace

from central.raft import Entry, HardState, Persist, Piece, Restore, Snapshot


@dataclass(frozen=True, slots=True)
class LogState:
    """`received` has no data: it ends where the last piece on disk ends. `last` is the last index
    of the log.
    """

    hard_state: HardState
    start: Snapshot
    last: int
    received: Piece | None = None
    restore: Restore | None = None

    @property
    def identities(self) -> frozenset[bytes]:
        """The snapshots whose files are needed."""
        needed = (self.received, self.restore)
        return frozenset(each.identity for each in needed if each is not None)


@dataclass(frozen=True, slots=True)
class OnDisk:
    """What a replica starts from.

    `received` is what `Raft` wants to be told of a snapshot that was arriving; it carries no data,
    and `received.end == received.size` if all of it is here. `restore` is to be done before
    anything else.
    """

    hard_state: HardState
    start: Snapshot
    entries: list[Entry]
    received: Piece | None
    restore: Restore | None


def after(state: LogState, persist: Persist) -> LogState:
    """Return what a write leaves; raises ValueError for one that cannot be meant."""
    received = _received(state.received, persist.pieces)
    start, last, restore = state.start, state.last, state.restore
    if persist.start is not None:
        start = persist.start
        if persist.restore is not None:
            _check_whole(persist.restore, state.received, received)
            last = start.index
            restore = persist.restore
        elif not state.start.index <= start.index <= last:
            raise ValueError(
                f"the log has entries {state.start.index + 1} to {last}: it cannot start after "
                f"{start.index}"
            )
        elif received is not None and received.snapshot.index <= start.index:
            received = None  # overtaken: nobody asks for it any more
    if persist.entries:
        first = persist.entries[0].index
        if not start.index < first <= last + 1:
            raise ValueError(
                f"the log has entries {start.index + 1} to {last}: {first} leaves a gap"
            )
        last = persist.entries[-1].index
    return LogState(persist.hard_state or state.hard_state, start, last, received, restore)


def latest_snapshot(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Return the pieces that count: at offset 0 what came before is dropped."""
    begins = [place for place, piece in enumerate(pieces) if piece.offset == 0]
    return pieces[begins[-1] :] if begins else pieces


def _received(known: Piece | None, pieces: tuple[Piece, ...]) -> Piece | None:
    for piece in latest_snapshot(pieces):
        follows = (
            known is not None and known.identity == piece.identity and known.end == piece.offset
        )
        if piece.offset != 0 and not follows:
            raise ValueError(f"a piece at {piece.offset} of {piece.identity.hex()} leaves a gap")
        known = replace(piece, offset=piece.end, data=b"")
    return known


def _check_whole(restore: Restore, before: Piece | None, now: Piece | None) -> None:
    """Raise ValueError unless all pieces are on disk.

    They were before this write was made; in the same write another snapshot may begin to arrive.
    """
    for received in (before, now):
        if received is None or received.identity != restore.identity:
            continue
        if received.end == received.size:
            return
    raise ValueError(
        f"the log cannot start after {restore.snapshot.index}: no such snapshot is on disk"
    )
