"""The simulator itself: it finds planted bugs, and a seed means the same run every time."""

import copy
import os
import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from central.raft import (
    Effects,
    HardState,
    Message,
    Raft,
    ReadReady,
    RequestVote,
    Role,
    Snapshot,
)
from central.raft.quorum import agreed_index
from tests.simulation.__main__ import main
from tests.simulation.disk import Disk
from tests.simulation.process import Process
from tests.simulation.world import World

SEEDS = range(1000)
"""Searched until the first violation: a read that is stale shows in one of a hundred."""
ROOT = Path(__file__).resolve().parents[2]


class ForgetsVotes(Disk):
    """Writes the term, and not the vote."""

    def finish(self) -> None:
        super().finish()
        self.hard_state = HardState(self.hard_state.term, None)


class LiesAboutFsync(Disk):
    """Says that a write is safe while it still is in a cache: a crash loses the last one."""

    def __init__(self, start: Snapshot | None = None) -> None:
        super().__init__(start)
        self._safe: dict[str, object] = copy.deepcopy(vars(self))

    def finish(self) -> None:
        safe = {key: value for key, value in vars(self).items() if key != "_safe"}
        self._safe = copy.deepcopy(safe)
        super().finish()

    def crash(self, rng: random.Random) -> str:
        done = super().crash(rng)
        vars(self).update(copy.deepcopy(self._safe))
        self._under_way = None
        return done


class VotesTwice(Raft):
    """Forgets its vote when asked for it."""

    def step(self, message: Message) -> None:
        if isinstance(message, RequestVote) and not message.pre_vote:
            self._state.vote = None
        super().step(message)


class ReadsAlone(Raft):
    """Answers reads without asking a quorum whether it still leads."""

    def read(self, context: int, *, now: int | None = None) -> bool:
        asked = super().read(context, now=now)
        if asked:
            self._state.ready_reads += [ReadReady(*read) for read in self._state.new_reads]
            self._state.new_reads = []
        return asked


class CountsOldTerms(Raft):
    """Commits whatever is on a majority of disks (figure 3.7)."""

    def step(self, message: Message) -> None:
        super().step(message)
        if self.role is Role.LEADER:
            held = self.match_indexes() | {self._state.me: self._state.own_match}
            agreed = agreed_index(self._state.voters, held)
            self._state.commit = max(self._state.commit, agreed)


class SendsTooEarly(Raft):
    """Lets everything leave before it is on disk."""

    def take_effects(self, *, now: int | None = None) -> Effects | None:
        effects = super().take_effects(now=now)
        if effects is None:
            return None
        away = tuple(m for m in effects.messages_after if m.receiver != self._state.me)
        own = tuple(m for m in effects.messages_after if m.receiver == self._state.me)
        return replace(effects, messages_now=effects.messages_now + away, messages_after=own)


class WritesNoReplacements(Raft):
    """Takes what was written once to be on disk whatever came after (etcd#1690)."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they come
        self._written = self.last_index

    def take_effects(self, *, now: int | None = None) -> Effects | None:
        effects = super().take_effects(now=now)
        if effects is None or effects.persist is None:
            return effects
        entries = tuple(e for e in effects.persist.entries if e.index > self._written)
        self._written = max(self._written, self.last_index)
        return replace(effects, persist=replace(effects.persist, entries=entries))


class NeverStands(Raft):
    """Waits for a leader for ever."""

    def tick(self) -> None:
        if self.role is Role.LEADER:
            super().tick()


def process_of(core: type[Raft]) -> type[Process]:
    """Return a process that runs a broken core."""
    return type(f"ProcessOf{core.__name__}", (Process,), {"make_raft": core})


def first_violation(*, process: type[Process] = Process, disk: type[Disk] = Disk) -> str:
    outcomes = (World(seed, process=process, disk=disk).run() for seed in SEEDS)
    return next((each.violation for each in outcomes if each.violation is not None), "none found")


@pytest.mark.parametrize(
    ("core", "found"),
    [
        (VotesTwice, "vote"),
        (ReadsAlone, "stale read"),
        (CountsOldTerms, "counted an old term's entry"),
        (SendsTooEarly, "only entries may be sent before a write"),
        # What was never replaced on disk shows in an ack, or in the log after a restart.
        (WritesNoReplacements, "log |acknowledged what the leader does not hold"),
        (NeverStands, "no recovery"),
    ],
)
def test_a_broken_core_is_found_out(core: type[Raft], found: str) -> None:
    assert re.search(found, first_violation(process=process_of(core)))


@pytest.mark.parametrize(
    ("disk", "found"),
    [(ForgetsVotes, "vote sent before it was on disk"), (LiesAboutFsync, "")],
)
def test_a_broken_disk_is_found_out(disk: type[Disk], found: str) -> None:
    violation = first_violation(disk=disk)
    assert violation != "none found"
    assert found in violation


def test_a_seed_is_the_same_run_whatever_the_hash_seed() -> None:
    def trace(hash_seed: str) -> str:
        command = [sys.executable, "-m", "tests.simulation", "--replay", "5", "--trace"]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            [*command, "--steps", "800"],
            cwd=ROOT,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return "\n".join(line for line in done.stdout.splitlines() if "seconds" not in line)

    one = trace("1")
    assert "AppendEntries" in one
    assert one == trace("2")


def test_two_seeds_are_two_runs() -> None:
    one, other = (World(seed, steps=300).run().counts for seed in (1, 2))
    assert one != other


def test_the_command_ends_with_a_count_of_violations() -> None:
    result = CliRunner().invoke(main, ["--seeds", "3:5", "--steps", "300"])
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == "2 seeds, 0 violations"


@pytest.mark.parametrize("arguments", [["--seeds", "5"], ["--seeds", "5:5"], ["--trace"]])
def test_the_command_refuses_what_it_cannot_run(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "Error: " in result.output
