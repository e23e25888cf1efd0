"""One seed's run: trouble for so many steps, then peace, in which all must recover."""

import random
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from central.raft import Message, Role
from tests.simulation.administrator import Administrator
from tests.simulation.clients import Clients
from tests.simulation.clock import Clock
from tests.simulation.disk import Disk
from tests.simulation.faults import Faults
from tests.simulation.history import History
from tests.simulation.network import Network
from tests.simulation.plan import TICK, Plan
from tests.simulation.process import Process
from tests.simulation.watch import Violation, Watch, demand

STEPS = 3000
# Peace must bring a leader and a commit within so many ticks: thirty of the least election
# time-outs, so that a run of split votes that long has a chance of about one in a billion.
RECOVERY_TICKS = 300
TICKS_AN_ENTRY = 4  # on top, for logs that have to be sent anew an entry at a time


@dataclass(frozen=True)
class Outcome:
    """What a seed came to. `violation` is one line, or None."""

    seed: int
    violation: str | None
    counts: Counter[str]
    recovery_ticks: int


class World:
    """`process` and `disk` are the classes to build the group from: a test breaks one of them."""

    def __init__(
        self,
        seed: int,
        *,
        steps: int = STEPS,
        process: type[Process] = Process,
        disk: type[Disk] = Disk,
        trace: Callable[[str], None] | None = None,
    ) -> None:
        self._seed = seed
        self._steps = steps
        rng = random.Random(seed)
        self._plan = plan = Plan.draw(rng)
        self._clock = clock = Clock(rng, trace)
        clock.say(plan)
        disks = {name: disk(plan.first) for name in plan.replicas}
        disks |= {name: disk() for name in plan.spares}
        self._watch = Watch(disks, plan.first)
        self._history = History(self._watch)
        self._network = Network(clock, plan, self._deliver)
        self._processes = {
            name: process(
                plan,
                plan.config(name),
                clock=clock,
                disk=disks[name],
                send=self._network.send,
                watch=self._watch,
                history=self._history,
            )
            for name in disks
        }
        everyone = list(self._processes.values())
        self._administrator = Administrator(clock, everyone)
        self._faults = Faults(clock, plan, everyone, self._network, self._administrator)
        self._clients = Clients(clock, everyone, self._history)

    def run(self) -> Outcome:
        """Run to the end or to the first violation."""
        violation, recovery_ticks = None, 0
        try:
            self._trouble()
            recovery_ticks = self._peace()
        except AssertionError as broken:  # Violation, or the core's own
            kind = "" if isinstance(broken, Violation) else "the core's own check: "
            violation = f"{kind}{broken}"
        except LookupError as raised:  # a core that trips over itself is broken, too
            where = traceback.extract_tb(raised.__traceback__)[-1].name
            violation = f"{type(raised).__name__} in {where}: {raised}"
        counts = self._clock.counts
        counts["entries committed"] = len(self._watch.committed)
        counts["proposals acknowledged"] = len(self._history.acknowledged)
        counts["reads answered"] = self._history.reads
        counts["elections won"] = self._watch.elections
        return Outcome(self._seed, violation, counts, recovery_ticks)

    def _deliver(self, message: Message) -> None:
        self._processes[message.receiver].receive(message)

    def _trouble(self) -> None:
        for process in self._processes.values():
            process.start()
        trouble = True

        def again(mean: int, act: Callable[[], None]) -> None:
            def happen() -> None:
                if trouble:
                    act()
                    self._clock.after(self._clock.gap(mean), happen)

            self._clock.after(self._clock.gap(mean), happen)

        again(self._plan.client_gap, self._clients.act)
        again(self._plan.fault_gap, self._faults.act)
        again(15 * TICK, self._restart_one)
        again(40 * TICK, self._replace_lost)
        for _ in range(self._steps):
            self._clock.step()
        trouble = False

    def _restart_one(self) -> None:
        down = [each for each in self._processes.values() if each.raft is None]
        if down:
            self._faults.restart(self._clock.rng.choice(down))

    def _replace_lost(self) -> None:
        if any(each.lost for each in self._processes.values()):
            self._administrator.act()

    def _peace(self) -> int:
        """Heal a quorum for good, and see it recover; returns how many ticks that took."""
        self._clock.say("peace")
        self._network.become_perfect()
        # "A leader appears once a quorum is healthy": the others may well stay down.
        if self._clock.rng.random() < 0.5:
            self._take_down()
        for process in self._processes.values():
            process.become_healthy()
            self._faults.restart(process)
        began = self._clock.now
        # A read needs a leader that has committed in its own term, with nobody proposing.
        reads = self._history.reads
        self._until(began, self._read, lambda: self._history.reads > reads)
        old = max(each.raft.last_index for each in self._processes.values() if each.raft)
        self._until(began, self._propose, lambda: self._all_have(old))
        most = max(self._processes.values(), key=lambda each: each.machine.applied)
        self._history.check_all_kept(most.machine)
        return (self._clock.now - began) // TICK

    def _take_down(self) -> None:
        """Stop voters for good, as many as can be missed."""
        everyone = list(self._processes.values())
        self._clock.rng.shuffle(everyone)
        learning = {name for each in self._administrator.configurations() for name in each.learners}
        for process in everyone:
            if process.name not in learning and self._administrator.can_lose(process):
                process.crash()
                process.lost = True

    def _all_have(self, index: int) -> bool:
        """Whether every voter that is up has applied an index, and one of them leads."""
        leader = self._leader()
        if leader is None or leader.raft is None:
            return False
        voters = leader.raft.configuration.voters
        up = [each for each in self._processes.values() if each.raft and each.name in voters]
        return min((each.machine.applied for each in up), default=0) > index

    def _leader(self) -> Process | None:
        leaders = [
            (each.raft.term, each.name)
            for each in self._processes.values()
            if each.raft and each.raft.role is Role.LEADER
        ]
        return self._processes[max(leaders)[1]] if leaders else None

    def _until(
        self, began: int, ask: Callable[[Process], None], recovered: Callable[[], bool]
    ) -> None:
        while not recovered():
            leader = self._leader()
            if leader is not None:
                ask(leader)
            until = self._clock.now + 5 * TICK
            while self._clock.now < until:
                self._clock.step()
            ticks = (self._clock.now - began) // TICK
            allowed = RECOVERY_TICKS + TICKS_AN_ENTRY * self._watch.longest_log
            demand(ticks < allowed, "no recovery", f"{ticks} ticks after a quorum was healed")

    def _read(self, leader: Process) -> None:
        self._clients.read(leader)

    def _propose(self, leader: Process) -> None:
        self._clients.propose(leader, count=1)
