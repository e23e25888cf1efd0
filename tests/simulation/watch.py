"""What must hold of logs, terms and disks after every step, whatever happened before.

The names are figure 3.2's. Each check is incremental: it looks at what the step changed.
"""

from collections.abc import Mapping

from central.raft import (
    AppendEntries,
    AppendReply,
    Effects,
    Entry,
    Message,
    Raft,
    RequestVote,
    Role,
    VoteReply,
)
from tests.simulation.disk import Disk


class Violation(AssertionError):
    """An invariant does not hold."""


def demand(holds: bool, what: str, *details: object) -> None:
    """Raise Violation unless it holds."""
    if not holds:
        raise Violation(f"{what}: {', '.join(map(str, details))}")


class _View:
    """What was last seen of one replica's core. `log` is kept from effects alone."""

    def __init__(self, raft: Raft, disk: Disk) -> None:
        self.log = list(disk.entries)
        self.term = raft.term
        self.commit = raft.commit_index
        self.led_term = 0  # the term that it led when last seen, 0 if none


class Watch:
    """Sees every replica's effects, messages, writes and applied entries."""

    def __init__(self, disks: Mapping[str, Disk]) -> None:
        self.committed: list[Entry] = []
        self._commit_terms: list[int] = []  # the term in which each was committed
        self._disks = disks
        self._views: dict[str, _View] = {}
        self._leaders: dict[int, str] = {}
        self._votes: dict[tuple[str, int], str] = {}
        self._entries: dict[tuple[int, int], tuple[bytes, int]] = {}  # -> data, term before

    def started(self, name: str, raft: Raft, disk: Disk) -> None:
        """Look at a replica that has just read its disk."""
        demand(raft.term == disk.hard_state.term, "term lost by a restart", name)
        demand(raft.last_index == len(disk.entries), "log lost by a restart", name)
        demand(raft.commit_index >= disk.applied, "commit index lost by a restart", name)
        self._views[name] = _View(raft, disk)

    def stepped(self, name: str, raft: Raft, effects: Effects | None) -> None:
        """Look at a replica after one input, with all that came of it."""
        view = self._views[name]
        demand(raft.term >= view.term, "term went back", name)
        demand(raft.commit_index >= view.commit, "commit index went back", name)
        leads = raft.role is Role.LEADER
        if effects is not None:
            self._logged(name, view, effects, still_leads=leads and view.led_term == raft.term)
        demand(raft.last_index == len(view.log), "log changed without an effect", name)
        if leads and view.led_term != raft.term:
            self._elected(name, raft.term, view.log)
        view.term = raft.term
        view.led_term = raft.term if leads else 0
        if raft.commit_index > view.commit:
            self._advanced(name, raft, view, leads=leads)

    def leaves(self, message: Message, disk: Disk) -> None:
        """Look at a message that goes to another replica: what it says must be on disk."""
        if isinstance(message, RequestVote | VoteReply) and message.pre_vote:
            return
        hard_state = disk.hard_state
        demand(hard_state.term >= message.term, "sent before its term was on disk", message)
        current = hard_state.term == message.term
        match message:
            case RequestVote():
                self._voted(message.sender, message.term, message.sender, disk, current=current)
            case VoteReply(granted=True):
                self._voted(message.sender, message.term, message.receiver, disk, current=current)
            case AppendReply(accepted=True):
                self._acknowledged(message, disk, current=current)

    def writes(self, name: str, disk: Disk) -> None:
        """Look at a write that is about to be on disk."""
        persist = disk.under_way
        if persist is None:
            return
        old, new = disk.hard_state, persist.hard_state or disk.hard_state
        demand(new.term >= old.term, "term on disk went back", name)
        same_vote = old.vote in (None, new.vote)
        demand(new.term > old.term or same_vote, "vote on disk changed within a term", name)
        if not persist.entries:
            return
        demand(persist.entries[-1].term <= new.term, "entry of a term not on disk", name)
        first = persist.entries[0].index
        for index in range(first, min(len(disk.entries), len(self.committed)) + 1):
            entry = self.committed[index - 1]
            if disk.entries[index - 1] == entry:
                kept = persist.entries[index - first : index - first + 1] == (entry,)
                demand(kept, "committed entry removed from a disk", name, entry)

    def applies(self, name: str, applied: int, entry: Entry) -> None:
        """Look at an entry that a state machine takes (state-machine safety)."""
        demand(entry.index == applied + 1, "applied out of order", name, entry.index)
        demand(entry.index <= len(self.committed), "applied and not committed", name, entry)
        demand(entry == self.committed[entry.index - 1], "state-machine safety", name, entry)

    @property
    def elections(self) -> int:
        """How many terms had a leader."""
        return len(self._leaders)

    @property
    def longest_log(self) -> int:
        """The length of the longest log."""
        return max(len(view.log) for view in self._views.values())

    def on_a_quorum(self, index: int, term: int) -> bool:
        """Return whether a majority of disks hold this very entry."""
        held = sum(disk.holds(index, term) for disk in self._disks.values())
        return held > len(self._disks) // 2

    def _logged(self, name: str, view: _View, effects: Effects, *, still_leads: bool) -> None:
        demand(
            all(isinstance(message, AppendEntries) for message in effects.messages_now),
            "only entries may be sent before a write",
            name,
        )
        if effects.persist is None or not effects.persist.entries:
            return
        first = effects.persist.entries[0].index
        demand(first <= len(view.log) + 1, "gap in the log", name, first)
        demand(not still_leads or first > len(view.log), "leader append-only", name, first)
        del view.log[first - 1 :]
        for entry in effects.persist.entries:
            before = view.log[-1].term if view.log else 0
            # Equal (index, term) with equal entries before: log matching, by induction.
            known = self._entries.setdefault((entry.index, entry.term), (entry.data, before))
            demand(known == (entry.data, before), "log matching", name, entry)
            view.log.append(entry)

    def _elected(self, name: str, term: int, log: list[Entry]) -> None:
        leader = self._leaders.setdefault(term, name)
        demand(leader == name, "election safety", term, leader, name)
        # A leader may be elected late, after one of a later term: that one's entries do not bind.
        bound = [
            entry
            for entry, committed_in in zip(self.committed, self._commit_terms, strict=True)
            if committed_in < term
        ]
        demand(log[: len(bound)] == bound, "leader completeness", name, term)

    def _advanced(self, name: str, raft: Raft, view: _View, *, leads: bool) -> None:
        demand(raft.commit_index <= len(view.log), "committed beyond the log", name)
        if leads:
            demand(raft.term_of_commit == raft.term, "counted an old term's entry", name)
            safe = self.on_a_quorum(raft.commit_index, raft.term)
            demand(safe, "committed without a quorum of disks", name, raft.commit_index)
        else:
            known = raft.commit_index <= len(self.committed)
            demand(known, "a follower committed first", name, raft.commit_index)
        for index in range(view.commit + 1, raft.commit_index + 1):
            entry = view.log[index - 1]
            if index <= len(self.committed):
                demand(entry == self.committed[index - 1], "committed twice", name, entry)
            else:
                self.committed.append(entry)
                self._commit_terms.append(raft.term)
        view.commit = raft.commit_index

    def _voted(self, voter: str, term: int, candidate: str, disk: Disk, *, current: bool) -> None:
        known = self._votes.setdefault((voter, term), candidate)
        demand(known == candidate, "two votes in a term", voter, term, known, candidate)
        on_disk = not current or disk.hard_state.vote == candidate
        demand(on_disk, "vote sent before it was on disk", voter, term)

    def _acknowledged(self, message: AppendReply, disk: Disk, *, current: bool) -> None:
        # In a later term the entries may rightly have been replaced.
        if not current:
            return
        index = message.match_index
        demand(len(disk.entries) >= index, "acknowledged before it was on disk", message)
        leader = self._views[message.receiver]
        if leader.led_term == message.term and index:
            demand(len(leader.log) >= index, "acknowledged beyond the leader's log", message)
            held = disk.holds(index, leader.log[index - 1].term)
            demand(held, "acknowledged what the leader does not hold", message)
