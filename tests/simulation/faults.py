"""What goes wrong, when, and how long."""

from collections.abc import Iterable, Sequence
from functools import partial

from central.raft import Raft, Role
from tests.simulation.administrator import Administrator
from tests.simulation.clock import Clock
from tests.simulation.network import Network
from tests.simulation.plan import TICK, Plan
from tests.simulation.process import Process


class Faults:
    """Lets a fault of the plan happen now and then. Each ends by itself, or when another comes."""

    def __init__(
        self,
        clock: Clock,
        plan: Plan,
        processes: Sequence[Process],
        network: Network,
        administrator: Administrator,
    ) -> None:
        self._clock = clock
        self._plan = plan
        self._processes = processes
        self._network = network
        self._administrator = administrator

    def act(self) -> None:
        """Let one fault happen."""
        if not self._plan.faults:
            return
        fault = self._clock.rng.choice(self._plan.faults)
        process = self._clock.rng.choice(self._processes)
        self._clock.say("fault:", fault, process.name)
        match fault:
            case "crash":
                process.crash()
            case "crash at a step":
                process.steps_to_crash = self._clock.rng.randrange(20)
            case "pause":
                self._pause(process)
            case "clock skew":
                process.period = self._clock.rng.choice((TICK // 3, TICK - 2, TICK + 3, TICK * 3))
                self._clock.count(fault)
            case "slow disk":
                process.slowest_write = self._clock.rng.choice((1, 8, 8, 12 * TICK))
                self._clock.count(fault)
            case "disk full" | "EIO on fsync":
                self._break(process, fault)
            case "bit flip" | "disk lost":
                self._lose(process, fault)
            case "transfer":
                self._transfer()
            case "membership":
                self._administrator.act()
            case "suspicion":
                self._suspect(process)
            case "greeting":
                links = self._links()
                self._greet([link for link in links if self._clock.rng.random() < 0.5])
            case _:
                self._cut(fault)

    def restart(self, process: Process) -> None:
        """Start a replica that is down and has a disk."""
        if process.raft is None and not process.lost:
            self._clock.count("restart")
            process.start()

    def _pause(self, process: Process) -> None:
        if process.raft is None or process.paused:
            return
        self._clock.count("pause")
        process.paused = True
        incarnation = process.incarnation

        def resume() -> None:
            if process.paused and process.incarnation == incarnation:
                process.resume()

        self._clock.after(self._clock.gap(20 * TICK), resume)

    def _break(self, process: Process, fault: str) -> None:
        if fault == "EIO on fsync":
            process.disk.failing = True
            return
        process.disk.full = True

        def clear() -> None:
            process.disk.full = False

        self._clock.after(self._clock.gap(30 * TICK), clear)

    def _lose(self, process: Process, fault: str) -> None:
        if process.lost or not self._administrator.can_lose(process):
            return
        self._clock.count(fault)
        process.crash()
        if fault == "bit flip":
            process.disk.flipped = True
        else:
            process.lost = True

    def _suspect(self, process: Process) -> None:
        """Let others find its connections closed, whether it is gone or not."""
        self._clock.count("suspicion")
        if self._clock.rng.random() < 0.5:
            process.crash()
        for other in self._processes:
            if self._clock.rng.random() < 0.8:
                other.ask(lambda raft: raft.suspect(process.name))

    def _greet(self, links: Iterable[tuple[str, str]]) -> None:
        """Let replicas find that messages reach others again, whether they ever did not or not."""
        self._clock.count("greeting")
        processes = {process.name: process for process in self._processes}
        for one, other in links:
            processes[one].ask(partial(Raft.greet, peer=other))

    def _links(self) -> list[tuple[str, str]]:
        names = [*self._plan.replicas, *self._plan.spares]
        return [(one, other) for one in names for other in names if one != other]

    def _transfer(self) -> None:
        for leader in self._processes:
            if leader.raft is None or leader.raft.role is not Role.LEADER:
                continue
            others = sorted(leader.raft.configuration.voters - {leader.name})
            if others:
                leader.raft.transfer_leadership(self._clock.rng.choice(others))
                self._clock.count("transfer")

    def _leaders_left_behind(self) -> set[str]:
        """Return who leads. A slow clock lets such a leader believe in itself for longest."""
        leaders = [each for each in self._processes if each.raft and each.raft.role is Role.LEADER]
        for leader in leaders:
            if self._clock.rng.random() < 0.5:
                leader.period = TICK * 3
        return {leader.name for leader in leaders}

    def _cut(self, fault: str) -> None:
        names = [*self._plan.replicas, *self._plan.spares]
        links = self._links()
        rng = self._clock.rng
        rng.shuffle(names)
        half = set(names[: len(names) // 2])
        bridge: str | None = None
        match fault:
            case "one-way cut":
                cut = {link for link in links if rng.random() < 0.3}
            case "leader cut off":
                leaders = self._leaders_left_behind()
                cut = {(one, other) for one, other in links if one in leaders or other in leaders}
            case "split" | "bridge":
                bridge = names[-1] if fault == "bridge" else None
                cut = {
                    (one, other)
                    for one, other in links
                    if (one in half) != (other in half) and bridge not in (one, other)
                }
            case _:
                raise ValueError(f"no such fault: {fault}")
        if not cut:
            return
        self._clock.count(fault)
        made = self._network.cut = frozenset(cut)

        def heal() -> None:
            if self._network.cut is made:
                self._network.cut = frozenset()
                if "greeting" in self._plan.faults:  # as connections are made again
                    self._greet(sorted(made))

        self._clock.after(self._clock.gap(50 * TICK), heal)
