"""Whoever adds and removes replicas, and replaces those whose disk is gone."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from central.raft import ChangeRefused, Configuration, NotLeader, Raft, Role
from tests.simulation.clock import Clock
from tests.simulation.process import Process


class Administrator:
    """Changes the group, and takes care that it could decide without the replicas that are lost."""

    def __init__(self, clock: Clock, processes: Sequence[Process]) -> None:
        self._clock = clock
        self._processes = processes

    def act(self) -> None:
        """Ask whoever leads for one change."""
        leaders = [each for each in self._processes if each.raft and each.raft.role is Role.LEADER]
        if not leaders:
            return
        process = self._clock.rng.choice(leaders)
        process.ask(self._change)

    def can_lose(self, process: Process) -> bool:
        """Return whether the group could still decide if this replica never came back."""
        gone = self._lost | {process.name}
        return all(self._decides(each, gone) for each in self.configurations())

    def configurations(self) -> Iterable[Configuration]:
        """Return every configuration that may count, here or there."""
        for process in self._processes:
            disk = process.disk
            yield disk.start.configuration
            yield from (each.configuration for each in disk.entries if each.configuration)
            if process.raft is not None:
                yield process.raft.configuration

    @property
    def _lost(self) -> set[str]:
        return {each.name for each in self._processes if each.lost or each.disk.flipped}

    def _decides(self, configuration: Configuration, gone: set[str]) -> bool:
        # A learner may become a voter at any time, unless it is to stay one.
        for learner in (None, *(configuration.learners - configuration.staying)):
            voters = configuration.voters | ({learner} if learner else set())
            if 2 * len(voters - gone) <= len(voters):
                return not voters
        return True

    def _change(self, raft: Raft) -> None:
        wanted = self._wanted(raft.configuration)
        if wanted.voters and not self._decides(wanted, self._lost):
            return
        try:
            raft.change_configuration(wanted)
        except NotLeader:
            self._clock.count("change refused: not the leader")
        except ValueError as refused:
            self._clock.count(f"change refused: {str(refused).rpartition(': ')[2]}")
        except ChangeRefused as refused:
            self._clock.count(f"change refused: {str(refused).partition(':')[0]}")
        else:
            self._clock.count("membership changed")
            self._clock.say("membership:", sorted(wanted.voters), sorted(wanted.learners))

    def _wanted(self, now: Configuration) -> Configuration:
        rng = self._clock.rng
        if rng.random() < 0.1:
            return self._mistaken(now)
        lost = sorted(self._lost & now.members)
        outside = [
            each.name
            for each in self._processes
            if each.name not in now.members and each.name not in self._lost
        ]
        if lost:
            return _without(now, lost[0])
        if now.staying and rng.random() < 0.4:
            # What `members promote` does.
            return replace(now, staying=now.staying - {rng.choice(sorted(now.staying))})
        if outside and (len(now.voters) < 3 or rng.random() < 0.6):
            newcomer = rng.choice(outside)
            stays = {newcomer} if rng.random() < 0.2 else set()
            return replace(now, learners=now.learners | {newcomer}, staying=now.staying | stays)
        return _without(now, rng.choice(sorted(now.members)))

    def _mistaken(self, now: Configuration) -> Configuration:
        """Return what nobody should ask for: it has to be refused."""
        rng = self._clock.rng
        names = [each.name for each in self._processes if each.name not in self._lost]
        voters = frozenset(rng.sample(names, rng.randint(0, len(names))))
        staying = frozenset(rng.sample(names, 1)) if rng.random() < 0.2 else frozenset()
        return Configuration(voters, frozenset(rng.sample(names, 1)), staying=staying)


def _without(now: Configuration, member: str) -> Configuration:
    one = {member}
    return replace(
        now,
        voters=now.voters - one or now.voters,
        learners=now.learners - one,
        staying=now.staying - one,
    )
