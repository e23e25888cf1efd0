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
    probing: bool = True
    ends: set[int] = field(default_factory=set)  # last index of each message under way


class ProgressIsLikeItsTwin(RuleBasedStateMachine):
    """Any order of sending, acceptance (also late and repeated) and refusal."""

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
        assert self.progress.accepted(match) == (match > self.twin.match)
        self.twin.match = max(match, self.twin.match)
        self.twin.next = max(self.twin.next, self.twin.match + 1)
        self.twin.probing = False
        self.twin.ends = {end for end in self.twin.ends if end > self.twin.match}

    @rule(refused=st.integers(0, 30), retry_after=st.integers(0, 30))
    def refuse(self, refused: int, retry_after: int) -> None:
        # Nobody refuses what was never sent.
        refused = min(refused, self.progress.next - 1)
        twin = self.twin
        current = refused > twin.match and (not twin.probing or refused == twin.next - 1)
        assert self.progress.refused(refused_index=refused, retry_after=retry_after) == current
        if current:
            twin.next = max(twin.match, min(refused - 1, retry_after)) + 1
            twin.probing, twin.ends = True, set()

    @invariant()
    def they_agree(self) -> None:
        progress, twin = self.progress, self.twin
        assert (progress.match, progress.next, progress.mode is Mode.PROBE) == (
            twin.match,
            twin.next,
            twin.probing,
        )
        assert progress.match < progress.next
        full = twin.probing or len(twin.ends) >= WINDOW
        assert progress.full == full


TestProgressIsLikeItsTwin = ProgressIsLikeItsTwin.TestCase
