"""One group of replicas for all tests, two clients and a lot for each."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conformance.engine import PATIENCE, Client, Engine, chosen
from tests.conformance.world import Lot, new_lot


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Three replicas that serve every test: what one test breaks it mends."""
    group = chosen()
    group.start(tmp_path_factory.mktemp("conformance"))
    try:
        yield group
    finally:
        group.stop()


@pytest.fixture
async def ledger(engine: Engine) -> AsyncIterator[Client]:
    """A client."""
    client = engine.client()
    yield client
    await client.close()


@pytest.fixture
async def other(engine: Engine) -> AsyncIterator[Client]:
    """Another client."""
    client = engine.client()
    yield client
    await client.close()


@pytest.fixture
async def lot(ledger: Client) -> Lot:
    """A lot of two spots, applied."""
    lot = new_lot()
    await ledger.apply(lot.layout, timeout=PATIENCE)
    return lot


@pytest.fixture(autouse=True)
async def _in_time() -> AsyncIterator[None]:
    async with asyncio.timeout(5 * PATIENCE):
        yield
