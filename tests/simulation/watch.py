"""What must hold of logs, terms and disks after every step, whatever happened before.

The names are figure 3.2's. Each check is incremental: it looks at what the step changed.
"""

from collections.abc import Mapping

from central.raft import (
    AppendEntries,
    AppendReply,
    Configuration,
    Effects,
    Entry,
    InstallSnapshot,
    Message,
    Raft,
    RequestVote,
    Role,
    Snapshot,
    SnapshotReply,
    VoteReply,
)
from tests.simulation.disk import Disk
from tests.simulation.machine import Machine


class Violation(AssertionError):
    """An invariant does not hold."""


def demand(holds: bool, what: str, *details: object) -> None:
    """Raise Violation unless it holds."""
    if not holds:
        raise Violation(f"{what}: {', '.join(map(str, details))}")


class _View:
    """What was last seen of one replica's core. `log` is kept from effects alone.

    It goes back to the first entry: what was compacted is what was committed there.
    """

    def __init__(self, raft: Raft, log: list[Entry]) -> None:
        self.log = log
        self.term = raft.term
        self.voters = raft.configuration.voters
        self.commit = raft.commit_index
        self.led_term = 0  # the term that it led when last seen, 0 if none


class Watch:
    """Sees every replica's effects, messages, writes and applied entries."""

    def __init__(self, disks: Mapping[str, Disk], first: Snapshot) -> None:
        self.committed: list[Entry] = []
        self._first = first
        self._configuration = first.configuration  # the last one that is committed
        self._decided = first.configuration.voters  # in whose name a leader committed last
        self._digests: dict[int, str] = {}
        self._commit_terms: list[int] = []  # the term in which each was committed
        self._disks = disks
        self._views: dict[str, _View] = {}
        self._leaders: dict[int, str] = {}
        self._votes: dict[tuple[str, int], str] = {}
        self._entries: dict[tuple[int, int], tuple[bytes, int]] = {}  # -> data, term before

    def started(self, name: str, raft: Raft, disk: Disk) -> None:
        """Look at a replica that has just read its disk."""
        demand(raft.term == disk.hard_state.term, "term lost by a restart", name)
        demand(raft.last_index == disk.last_index, "log lost by a restart", name)
        applied = disk.machine.applied
        demand(raft.commit_index >= applied, "commit index lost by a restart", name)
        self._views[name] = _View(raft, self.committed[: disk.start.index] + disk.entries)

    def stepped(self, name: str, raft: Raft, effects: Effects | None) -> None:
        """Look at a replica after one input, with all that came of it."""
        view = self._views[name]
        demand(raft.term >= view.term, "term went back", name)
        demand(raft.commit_index >= view.commit, "commit index went back", name)
        leads = raft.role is Role.LEADER
        if effects is not None:
            still_leads = leads and view.led_term == raft.term
            self._logged(name, view, effects, raft.commit_index, still_leads=still_leads)
        demand(raft.last_index == len(view.log), "log changed without an effect", name)
        if leads and view.led_term != raft.term:
            self._elected(name, raft.term, view.log)
        if raft.commit_index > view.commit:
            self._advanced(name, raft, view, leads=leads)
        view.term = raft.term
        view.voters = raft.configuration.voters
        view.led_term = raft.term if leads else 0

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
            case SnapshotReply():
                arriving = disk.arriving
                if arriving is not None and arriving.last.identity == message.identity:
                    held = len(arriving.data) >= message.next_offset
                    demand(held, "piece acknowledged before it was on disk", message)

    def writes(self, name: str, disk: Disk) -> None:
        """Look at a write that is about to be on disk."""
        persist = disk.under_way
        if persist is None:
            return
        old, new = disk.hard_state, persist.hard_state or disk.hard_state
        demand(new.term >= old.term, "term on disk went back", name)
        same_vote = old.vote in (None, new.vote)
        demand(new.term > old.term or same_vote, "vote on disk changed within a term", name)
        if persist.start is not None:
            self._named(name, persist.start)
        dropped: list[Entry] = []
        if persist.restore is not None:
            assert persist.start is not None
            dropped = [each for each in disk.entries if each.index > persist.start.index]
        elif persist.entries:
            first = persist.entries[0].index
            dropped = [each for each in disk.entries if each.index >= first]
        if persist.entries:
            demand(persist.entries[-1].term <= new.term, "entry of a term not on disk", name)
        written = {entry.index: entry for entry in persist.entries}
        for entry in dropped:
            if entry.index <= len(self.committed) and entry == self.committed[entry.index - 1]:
                kept = written.get(entry.index) == entry
                demand(kept, "committed entry removed from a disk", name, entry)

    def written(self, name: str, disk: Disk) -> None:
        """Look at a disk after a write."""
        ends = disk.entries[-1].index if disk.entries else disk.start.index
        demand(ends == disk.last_index, "gap in the log on disk", name)
        holds = disk.pending is not None or disk.machine.applied >= disk.start.index
        demand(holds, "the log on disk starts after the state", name, disk.start.index)

    def restores(self, name: str, snapshot: Snapshot) -> None:
        """Look at a snapshot that replaces a state machine's state."""
        self._named(name, snapshot)

    def state(self, name: str, machine: Machine) -> None:
        """Look at a state machine: at equal index it equals all others."""
        known = self._digests.setdefault(machine.applied, machine.digest)
        demand(known == machine.digest, "states differ", name, machine.applied)

    def applies(self, name: str, applied: int, entry: Entry, *, disk: Disk) -> None:
        """Look at an entry that a state machine takes (state-machine safety).

        It is on the replica's own disk, or covered by a snapshot there that is still to be
        restored: a state ahead of its log could not be started again.
        """
        on_disk = entry.index <= disk.start.index or entry == disk.entry_at(entry.index)
        demand(on_disk, "applied and not on disk", name, entry)
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

    def on_a_quorum(self, entry: Entry) -> bool:
        """Return whether a majority of the voters' disks hold this very entry.

        While a change is under way, those of the leader that committed last decide, or those of
        the last configuration that is committed: any two of such majorities share a member.
        """
        deciding = self._configuration.voters, self._decided
        return any(self._held(entry.index, entry.term, voters) for voters in deciding)

    def _held(self, index: int, term: int, voters: frozenset[str]) -> bool:
        holders = sum(self._holds(self._disks[voter], index, term) for voter in voters)
        return holders > len(voters) // 2

    def _holds(self, disk: Disk, index: int, term: int) -> bool:
        if index <= disk.start.index:
            return self.committed[index - 1].term == term
        entry = disk.entry_at(index)
        return entry is not None and entry.term == term

    def _named(self, name: str, snapshot: Snapshot) -> None:
        index = snapshot.index
        demand(index <= len(self.committed), "snapshot of what is not committed", name, index)
        term = self.committed[index - 1].term
        demand(snapshot.term == term, "snapshot of another term", name, index)
        configuration = self._configuration_of(self.committed[:index])
        demand(snapshot.configuration == configuration, "stale membership", name, snapshot)

    def _configuration_of(self, log: list[Entry]) -> Configuration:
        found = (each.configuration for each in reversed(log) if each.configuration is not None)
        return next(found, self._first.configuration)

    def _logged(
        self, name: str, view: _View, effects: Effects, commit: int, *, still_leads: bool
    ) -> None:
        demand(
            all(isinstance(each, AppendEntries | InstallSnapshot) for each in effects.messages_now),
            "only entries may be sent before a write",
            name,
        )
        if effects.persist is None:
            return
        if effects.persist.restore is not None:
            assert effects.persist.start is not None
            view.log = self.committed[: effects.persist.start.index]
        if not effects.persist.entries:
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
            if entry.configuration is not None:
                self._reconfigured(name, view.log, entry.configuration)
                pending = [each for each in view.log[commit:] if each.configuration]
                demand(not (still_leads and pending), "two changes under way", name, *pending)
            view.log.append(entry)

    def _reconfigured(self, name: str, log: list[Entry], configuration: Configuration) -> None:
        changed = self._configuration_of(log).voters ^ configuration.voters
        demand(len(changed) <= 1, "more than one voter changed", name, sorted(changed))
        # A leader that promoted one that is to stay would say so still.
        stays = configuration.staying <= configuration.learners
        demand(stays, "one that is no learner is to stay one", name, configuration)

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
        index = raft.commit_index
        if leads:
            demand(raft.term_of_commit == raft.term, "counted an old term's entry", name)
        if leads or index > len(self.committed):
            # One that committed may have stepped down since we looked, by its own removal even.
            demand(leads or view.led_term > 0, "a follower committed first", name, index)
            term = view.log[index - 1].term
            # It may have committed first, and changed the members then, since we looked.
            deciding = raft.configuration.voters, view.voters
            safe = any(self._held(index, term, voters) for voters in deciding)
            demand(safe, "committed without a quorum of disks", name, index)
            self._decided = raft.configuration.voters
        for index in range(view.commit + 1, raft.commit_index + 1):
            entry = view.log[index - 1]
            if index <= len(self.committed):
                demand(entry == self.committed[index - 1], "committed twice", name, entry)
            else:
                self.committed.append(entry)
                self._commit_terms.append(raft.term)
                self._configuration = entry.configuration or self._configuration
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
        demand(disk.last_index >= index, "acknowledged before it was on disk", message)
        leader = self._views.get(message.receiver)
        if leader is not None and leader.led_term == message.term and index:
            demand(len(leader.log) >= index, "acknowledged beyond the leader's log", message)
            held = self._holds(disk, index, leader.log[index - 1].term)
            demand(held, "acknowledged what the leader does not hold", message)
