"""O: without a quorum nothing is promised, nothing is lost, and nothing is done twice."""

import asyncio
import time
from dataclasses import replace

import pytest

from central.ledger.interface import LedgerUnavailable
from central.ledger.records import LotReport
from tests.conformance.engine import PATIENCE, Client, Engine, primary_of
from tests.conformance.world import Lot, alternating, changes_of, new_lot, state_of


async def test_a_time_out_is_unknown_and_the_same_request_again_is_safe(
    engine: Engine, ledger: Client, other: Client, lot: Lot
) -> None:
    await ledger.append(lot.flip(1))
    # A lot of its own: what a camera read with a layout that was replaced meanwhile is rejected.
    another = new_lot()
    await ledger.apply(another.layout, timeout=PATIENCE)
    renamed = replace(another.layout, name="Renamed")
    primary = await primary_of(engine, ledger)
    down = [address for address in engine.addresses if address != primary]
    for address in down:
        engine.kill(address)
    try:
        appending = asyncio.create_task(ledger.append(lot.flip(2)))
        began = time.monotonic()
        for change in (
            ledger.apply(renamed, expected_version=1, timeout=1.0),
            ledger.update(LotReport("gate", lot.lot_id, 4, "OK", 1), timeout=1.0),
        ):
            with pytest.raises(LedgerUnavailable, match="unknown"):
                await change
        with pytest.raises(LedgerUnavailable):
            await other.get((lot.lot_id,), timeout=1.0)
        assert time.monotonic() - began < PATIENCE
        assert not appending.done()  # it is not known either, so it is still being asked
        stale = await other.get((lot.lot_id,), stale_ok=True, timeout=PATIENCE)
        assert stale.lots[0].lot_id == lot.lot_id
    finally:
        engine.revive()
    result = await appending
    # Two calls have no order: where the layout went first, the regions of the append were gone.
    done = 1 if result.rejected else 2
    assert (await other.append(lot.flip(2))).rejected == result.rejected
    # Whether the first time took effect or not: now it has, once.
    await ledger.update(LotReport("gate", lot.lot_id, 4, "OK", 1), timeout=PATIENCE)
    applied = await ledger.apply(renamed, timeout=PATIENCE)
    assert applied.version == 2
    assert (await state_of(ledger, another)).name == "Renamed"
    assert (await state_of(ledger, lot)).counts[0].available_spaces == 4
    changes = await changes_of(ledger, lot)
    assert len(changes) == done
    assert alternating(changes)


async def test_an_append_that_is_cancelled_may_be_sent_again(
    engine: Engine, ledger: Client, other: Client, lot: Lot
) -> None:
    appending = asyncio.create_task(ledger.append(lot.flip(1)))
    await asyncio.sleep(0)
    appending.cancel()
    await asyncio.gather(appending, return_exceptions=True)
    assert (await other.append(lot.flip(1))).rejected is None
    assert len(await changes_of(other, lot)) == 1


async def test_a_primary_s_death_is_over_soon(engine: Engine, ledger: Client, lot: Lot) -> None:
    await ledger.append(lot.flip(1))
    engine.kill(await primary_of(engine, ledger))
    began = time.monotonic()
    await ledger.append(lot.flip(2))
    took = time.monotonic() - began
    engine.revive()
    assert took < PATIENCE / 2  # on whatever machine; what is promised is measured elsewhere
