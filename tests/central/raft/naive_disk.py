"""A disk that does what Persist says, word by word."""

from dataclasses import dataclass, field

from central.raft import Entry, HardState, Persist, Piece, Snapshot


@dataclass
class NaiveDisk:
    """What a restart finds; `pieces` are those of one snapshot, in the order of their offsets."""

    hard_state: HardState = field(default_factory=HardState)
    start: Snapshot = field(default_factory=Snapshot)
    entries: list[Entry] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)

    def write(self, persist: Persist) -> None:
        """Do all of it, in the order that Persist's docstring gives."""
        if persist.hard_state is not None:
            self.hard_state = persist.hard_state
        for piece in persist.pieces:
            if piece.offset == 0:
                self.pieces = []
            assert all(other.identity == piece.identity for other in self.pieces)
            assert piece.offset == sum(len(other.data) for other in self.pieces)
            self.pieces.append(piece)
        if persist.start is not None:
            self.start = persist.start
            self.entries = [
                entry
                for entry in self.entries
                if entry.index > persist.start.index and persist.restore is None
            ]
        if persist.entries:
            first = persist.entries[0].index
            self.entries = [entry for entry in self.entries if entry.index < first]
            self.entries += persist.entries
        indexes = [entry.index for entry in self.entries]
        assert indexes == [self.start.index + i for i in range(1, len(indexes) + 1)], "a gap"

    @property
    def last_piece(self) -> Piece | None:
        """What Raft's `received` wants."""
        return self.pieces[-1] if self.pieces else None

    @property
    def received(self) -> bytes:
        """The bytes that arrived."""
        return b"".join(piece.data for piece in self.pieces)
