"""R: reads are linearizable unless stale ones will do; the past never changes."""

import time
from dataclasses import replace

import pytest

from central.ledger.interface import LedgerRefused
from central.ledger.records import LotReport
from tests.conformance.engine import PATIENCE, Client, Engine, primary_of
from tests.conformance.world import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    Lot,
    changes_of,
    occupancies,
    state_of,
)


async def test_a_read_shows_every_write_that_was_acked_before(
    ledger: Client, other: Client, lot: Lot
) -> None:
    last = 0
    for number in range(1, 41):
        await ledger.append(lot.flip(number))
        state = await other.get((lot.lot_id,), timeout=PATIENCE)
        assert occupancies(state.lots[0])["A1"] is (OCCUPIED if number % 2 else VACANT)
        assert state.age_us == 0
        assert state.index >= last
        last = state.index


async def test_an_instant_of_the_past_is_answered_the_same_for_ever(
    engine: Engine, ledger: Client, other: Client, lot: Lot
) -> None:
    await ledger.append(lot.flip(1))
    await ledger.update(LotReport("gate", lot.lot_id, 7, "OK", 1_000_000), timeout=PATIENCE)
    pages = [page async for page in ledger.history(lot.lot_id, timeout=PATIENCE)]
    instant = pages[-1].changes[-1].committed_at_us
    before = await ledger.get((lot.lot_id,), as_of_us=instant, with_layouts=True, timeout=PATIENCE)
    assert occupancies(before.lots[0]) == {"A1": OCCUPIED, "A2": UNKNOWN}
    for number in range(2, 6):
        await ledger.append(lot.flip(number))
    await ledger.apply(replace(lot.layout, name="Renamed"), timeout=PATIENCE)
    engine.kill(await primary_of(engine, other))
    engine.revive()
    after = await ledger.get((lot.lot_id,), as_of_us=instant, with_layouts=True, timeout=PATIENCE)
    assert replace(after, age_us=before.age_us) == before
    assert occupancies(await state_of(ledger, lot)) == {"A1": OCCUPIED, "A2": UNKNOWN}


async def test_before_its_first_layout_a_lot_was_not_known(ledger: Client, lot: Lot) -> None:
    for instant in (1, int(time.time() * 1e6) - 86_400_000_000):
        with pytest.raises(LedgerRefused, match="not known at that instant"):
            await ledger.get((lot.lot_id,), as_of_us=instant, timeout=PATIENCE)


async def test_a_lot_that_never_was_is_refused_by_name(ledger: Client) -> None:
    with pytest.raises(LedgerRefused, match="never-was"):
        await ledger.get(("never-was",), timeout=PATIENCE)


async def test_a_stale_read_tells_its_age(ledger: Client, lot: Lot) -> None:
    await ledger.append(lot.flip(1))
    found = await ledger.get((lot.lot_id,), stale_ok=True, timeout=PATIENCE)
    assert -1 <= found.age_us < 60_000_000
    assert found.lots[0].lot_id == lot.lot_id


async def test_a_reported_count_stands_beside_the_spots_and_a_bad_one_keeps_the_last_good(
    ledger: Client, lot: Lot
) -> None:
    good = LotReport("gate", lot.lot_id, 12, "OK", 5_000_000)
    index = await ledger.update(good, timeout=PATIENCE)
    (count,) = (await state_of(ledger, lot)).counts
    assert (count.available_spaces, count.counted_at_us, count.stale) == (12, 5_000_000, False)
    later = await ledger.update(
        replace(good, available_spaces=0, status="loop broken"), timeout=PATIENCE
    )
    assert later > index
    (count,) = (await state_of(ledger, lot)).counts
    assert (count.available_spaces, count.stale, count.status) == (12, True, "loop broken")
    assert await changes_of(ledger, lot) == []
    with pytest.raises(LedgerRefused, match="never-was"):
        await ledger.update(replace(good, lot_id="never-was"), timeout=PATIENCE)
