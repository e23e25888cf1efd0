"""The probe that measures a fail-over, and the return of the killed replica, without processes."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from central.demo.board import Board
from central.demo.cluster import Cluster
from central.demo.fail_over import bring_back, kill_primary
from central.demo.following import Following
from central.demo.processes import Supervisor
from central.ledger.interface import LedgerError, LedgerRefused, LedgerUnavailable
from central.ledger.records import LotReport
from node.address import Address
from node.errors import OperationError
from tests.central.demo.boards import board
from tests.central.operator.scripted_ledger import ScriptedLedger, replica

CLUSTER = Cluster(
    directory=Path(),
    replicas={f"r{n}": Address("h", 7000 + n) for n in (1, 2, 3)},
    processor=Address("h", 7400),
)


class ScriptedSupervisor(Supervisor):
    """Kills and starts by changing what the scripted ledger answers."""

    def __init__(self, ledger: ScriptedLedger) -> None:
        super().__init__(Path())
        self.ledger = ledger
        self.killed: list[str] = []
        self.started: list[tuple[str, tuple[str, ...]]] = []

    async def kill(self, name: str) -> None:
        self.killed.append(name)
        self.ledger.replicas = {
            "h:7002": replica(2, primary=True, term=2, applied=20),
            "h:7003": replica(3, term=2, applied=20),
        }

    async def start(
        self, name: str, arguments: Sequence[str], *, environment: dict[str, str] | None = None
    ) -> None:
        self.started.append((name, tuple(arguments)))
        self.ledger.replicas["h:7001"] = replica(1, term=2, applied=20)


def three_replicas() -> ScriptedLedger:
    return ScriptedLedger(replicas={f"h:700{n}": replica(n, primary=n == 1) for n in (1, 2, 3)})


async def test_it_kills_the_primary_and_waits_for_the_first_commit_after() -> None:
    ledger, seen = three_replicas(), board()
    refusals = iter([LedgerUnavailable("no primary"), LedgerUnavailable("no primary")])
    ledger.on_update = lambda report: next(refusals, None)
    supervisor = ScriptedSupervisor(ledger)
    over = await kill_primary(ledger, supervisor, CLUSTER, seen, Following(ledger, CLUSTER, seen))
    assert supervisor.killed == ["r1"]
    assert (over.victim, over.successor) == ("r1", "r2")
    assert over.took_ms is not None
    assert over.took_ms > 0
    assert ledger.updates[0].lot_id == "north"
    assert seen.fail_over == over


async def test_then_it_brings_the_victim_back() -> None:
    ledger, seen = three_replicas(), board()
    supervisor = ScriptedSupervisor(ledger)
    following = Following(ledger, CLUSTER, seen)
    await kill_primary(ledger, supervisor, CLUSTER, seen, following)
    over = await bring_back(supervisor, CLUSTER, seen, following)
    name, arguments = supervisor.started[0]
    assert name == "r1"
    assert arguments == (
        *("ledger", "--replica-id", "r1", "--listen", "h:7001", "--data", "r1"),
        *("--peers", "r2=h:7002,r3=h:7003"),
    )
    assert over.caught_up_s is not None


async def test_an_error_that_no_retry_cures_is_told() -> None:
    ledger, seen = three_replicas(), board()

    def refuse(report: LotReport) -> LedgerError:
        return LedgerRefused("no such lot")

    ledger.on_update = refuse
    with pytest.raises(LedgerRefused, match="no such lot"):
        await kill_primary(
            ledger, ScriptedSupervisor(ledger), CLUSTER, seen, Following(ledger, CLUSTER, seen)
        )


async def test_without_a_primary_nothing_is_killed() -> None:
    ledger = ScriptedLedger(replicas={"h:7002": replica(2)})
    seen: Board = board()
    supervisor = ScriptedSupervisor(ledger)
    with pytest.raises(OperationError, match="no replica says that it is the primary"):
        await kill_primary(ledger, supervisor, CLUSTER, seen, Following(ledger, CLUSTER, seen))
    assert supervisor.killed == []
