"""progress.py against a naive twin, and the rules that its docstrings state."""

from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from central.raft.progress import Mode, Progress

WINDOW = 3


@dataclass
class Twin:
    """The same, as sets of indexes: what was sent and is neither known to be held nor given up."""

    match: int = 0
    next: int = 5
    mode: str = "probe"
    snapshot: int | None = None  # the index of the one under way, None if that is not known yet
    ends: set[int] = field(default_factory=set)  # last index of each message under way


class ProgressIsLikeItsTwin(RuleBasedStateMachine):
    """Any order of sending, acceptance (also late and repeated), refusal, and snapshots."""

    def __init__(self) -> None:
        super().__init__()
        self.progress = Progress(next_index=5, window=WINDOW)
        self.twin = Twin()

    @precondition(lambda self: not self.progress.full)
    @rule(count=st.integers(1, 3))
    def send(self, count: int) -> None:
        last = self.progress.next + count - 1
        self.progress.sent(last)
        self.twin.ends.add(last)
        self.twin.next = last + 1

    @precondition(lambda self: self.progress.full)
    @rule()
    def sending_while_full_is_an_error(self) -> None:
        with pytest.raises(AssertionError, match="while full"):
            self.progress.sent(self.progress.next)

    @rule(match=st.integers(0, 30))
    def accept(self, match: int) -> None:
        twin = self.twin
        assert self.progress.accepted(match) == (match > twin.match)
        twin.match = max(match, twin.match)
        twin.next = max(twin.next, twin.match + 1)
        twin.ends = {end for end in twin.ends if end > twin.match}
        if twin.mode == "snapshot" and (twin.snapshot is None or twin.match < twin.snapshot):
            return
        twin.mode, twin.snapshot = "replicate", None

    @rule(refused=st.integers(0, 30), retry_after=st.integers(0, 30))
    def refuse(self, refused: int, retry_after: int) -> None:
        # Nobody refuses what was never sent.
        refused = min(refused, self.progress.next - 1)
        twin = self.twin
        if twin.mode == "probe":
            current = refused > twin.match and refused == twin.next - 1
        else:
            current = refused > twin.match and twin.mode == "replicate"
        assert self.progress.refused(refused_index=refused, retry_after=retry_after) == current
        if current:
            twin.next = max(twin.match, min(refused - 1, retry_after)) + 1
            twin.mode, twin.ends = "probe", set()

    @precondition(lambda self: self.twin.mode != "snapshot")
    @rule()
    def begin_a_snapshot(self) -> None:
        sending = self.progress.begin_snapshot()
        assert sending is self.progress.sending
        assert (sending.identity, sending.offset) == (None, 0)
        self.twin.mode, self.twin.ends = "snapshot", set()

    @precondition(lambda self: self.twin.mode == "snapshot")
    @rule(index=st.integers(1, 30))
    def read_its_first_piece(self, index: int) -> None:
        assert self.progress.sending is not None
        self.progress.sending.index = self.twin.snapshot = index

    @invariant()
    def they_agree(self) -> None:
        progress, twin = self.progress, self.twin
        assert (progress.match, progress.next, progress.mode) == (
            twin.match,
            twin.next,
            Mode(twin.mode),
        )
        assert progress.match < progress.next
        full = twin.mode != "replicate" or len(twin.ends) >= WINDOW
        assert progress.full == full
        assert (progress.sending is not None) == (twin.mode == "snapshot")


TestProgressIsLikeItsTwin = ProgressIsLikeItsTwin.TestCase
