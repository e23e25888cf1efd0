"""What most tests of the processor begin with."""

from collections.abc import AsyncIterator

import pytest

from central.processor.service import Processor
from tests.central.processor.fake_ledger import FakeLedger
from tests.central.processor.harness import layout, running


@pytest.fixture
async def ledger() -> FakeLedger:
    """A ledger that knows one lot of four spots, seen by `cam1`."""
    fake = FakeLedger()
    await fake.apply(layout("cam1"))
    return fake


@pytest.fixture
async def processor(ledger: FakeLedger) -> AsyncIterator[Processor]:
    """A processor that has read that ledger."""
    async with running(ledger) as started:
        yield started
