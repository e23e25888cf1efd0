"""Heartbeats against a ledger that does not always hear."""

import asyncio
from collections.abc import Sequence

from central.ledger.interface import LedgerUnavailable
from central.ledger.records import NodeKind, NodeReport
from central.processor.heartbeats import Heartbeats
from tests.central.processor.fake_classifier import DEADLINE
from tests.central.processor.fake_ledger import FakeLedger

REPORT = NodeReport(node_id="p1", kind=NodeKind.PROCESSOR, boot_id="b", reported_by="p1")


class DeafLedger(FakeLedger):
    """Does not hear the first few reports, then asks for the next one in a minute."""

    def __init__(self, *, deaf_for: int) -> None:
        super().__init__()
        self.heard = 0
        self._deaf_for = deaf_for

    async def heartbeat(self, reports: Sequence[NodeReport], *, timeout: float = 2.0) -> float:
        if self._deaf_for:
            self._deaf_for -= 1
            raise LedgerUnavailable("no primary")
        self.heard += 1
        await super().heartbeat(reports)
        return 60.0


async def test_being_heard_again_is_told_because_cameras_may_have_been_given_up() -> None:
    ledger, told = DeafLedger(deaf_for=1), asyncio.Event()
    heartbeats = Heartbeats(ledger, lambda: [REPORT], on_return=told.set)
    task = asyncio.create_task(heartbeats.run())
    async with asyncio.timeout(DEADLINE):
        await told.wait()
    task.cancel()
    assert ledger.reports == {"p1": REPORT}


async def test_a_report_that_should_not_wait_does_not() -> None:
    ledger, told = DeafLedger(deaf_for=0), asyncio.Event()
    heartbeats = Heartbeats(ledger, lambda: [REPORT], on_return=told.set)
    task = asyncio.create_task(heartbeats.run())
    await ledger.until(lambda: ledger.heard == 1)
    heartbeats.now()
    await ledger.until(lambda: ledger.heard == 2)
    task.cancel()
    assert not told.is_set(), "it had never been away"
