"""The committer against ledgers that answer badly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from central.ledger.interface import LedgerError, LedgerRefused, LedgerUnavailable
from central.ledger.records import (
    AppendResult,
    Detection,
    DetectionBatch,
    IdempotencyKey,
    Occupancy,
)
from central.processor.beliefs import Beliefs
from central.processor.committer import Committer
from tests.central.processor.fake_classifier import DEADLINE
from tests.central.processor.fake_ledger import FakeLedger


class ScriptedLedger(FakeLedger):
    """Answers appends with what it was given, then as usual."""

    def __init__(self, *answers: AppendResult | LedgerError) -> None:
        super().__init__()
        self.answers = list(answers)
        self.asked: list[DetectionBatch] = []

    async def append(self, batch: DetectionBatch) -> AppendResult:
        self.asked.append(batch)
        answer = self.answers.pop(0) if self.answers else AppendResult(index=len(self.asked))
        if isinstance(answer, LedgerError):
            raise answer
        return answer


def batch(sequence: int, occupancy: Occupancy) -> DetectionBatch:
    key = IdempotencyKey("cam", "boot", sequence)
    return DetectionBatch(key, sequence, 1, "m", (Detection("a", occupancy, 9000),))


@asynccontextmanager
async def committing(ledger: FakeLedger, beliefs: Beliefs) -> AsyncIterator[list[str]]:
    """Commit what `beliefs` holds on entry; yields what was called back."""
    called: list[str] = []
    committer = Committer(ledger, beliefs, on_refused=lambda: called.append("refused"))
    committer.kick()
    task = asyncio.create_task(committer.run())
    try:
        async with asyncio.timeout(DEADLINE):
            await committer.wait_idle()
        yield called
    finally:
        task.cancel()


async def test_an_unknown_outcome_is_asked_again_with_the_same_key() -> None:
    ledger = ScriptedLedger(LedgerUnavailable("?"), LedgerUnavailable("?"))
    beliefs = Beliefs({})
    beliefs.add(batch(1, Occupancy.OCCUPIED))
    async with committing(ledger, beliefs) as called:
        assert ledger.asked == [batch(1, Occupancy.OCCUPIED)] * 3
        assert called == []
    assert beliefs.expects("a", Occupancy.OCCUPIED)


async def test_a_refusal_is_final_and_makes_the_ledger_be_read() -> None:
    for answer in (AppendResult(index=9, rejected="old layout"), LedgerRefused("nonsense")):
        ledger = ScriptedLedger(answer)
        beliefs = Beliefs({"a": Occupancy.VACANT})
        beliefs.add(batch(1, Occupancy.OCCUPIED))
        async with committing(ledger, beliefs) as called:
            assert len(ledger.asked) == 1
            assert called == ["refused"]
        assert beliefs.expects("a", Occupancy.VACANT)
