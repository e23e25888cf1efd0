"""W: a watcher sees everything after an index, once and in order, whatever happens meanwhile."""

import asyncio
from dataclasses import replace

from central.ledger.records import LotReport
from tests.conformance.engine import PATIENCE, Client, Engine, primary_of
from tests.conformance.world import OCCUPIED, Lot, alternating, new_lot, watched


async def test_it_resumes_anywhere_without_gap_or_repeat(
    ledger: Client, other: Client, lot: Lot
) -> None:
    for number in range(1, 31):
        await ledger.append(lot.flip(number))
    everything = await watched(other, lot, after=0, changes=30)
    changing = [event for event in everything if event.changes]
    assert alternating([change for event in changing for change in event.changes])
    assert [event.index for event in changing] == sorted({event.index for event in changing})
    for position in (0, 7, 28):
        after = changing[position].index
        rest = [one for one in changing if one.index > after]
        again = await watched(
            other, lot, after=after, changes=sum(len(one.changes) for one in rest)
        )
        assert [event for event in again if event.changes] == rest


async def test_it_goes_on_over_the_primary_s_death(
    engine: Engine, ledger: Client, other: Client, lot: Lot
) -> None:
    watching = asyncio.create_task(watched(other, lot, after=0, changes=40))
    for number in range(1, 41):
        if number == 15:
            engine.kill(await primary_of(engine, ledger))
        await ledger.append(lot.flip(number))
    events = await watching
    engine.revive()
    changes = [change for event in events for change in event.changes]
    assert len(changes) == 40
    assert alternating(changes)
    indexes = [event.index for event in events if event.changes]
    assert indexes == sorted(set(indexes))


async def test_it_tells_layouts_and_counts_and_nothing_of_other_lots(
    ledger: Client, other: Client, lot: Lot
) -> None:
    begin = (await ledger.get((lot.lot_id,), timeout=PATIENCE)).index
    stranger = new_lot()
    await ledger.apply(stranger.layout, timeout=PATIENCE)
    await ledger.append(stranger.flip(1))
    await ledger.apply(replace(lot.layout, name="Renamed"), timeout=PATIENCE)
    await ledger.update(LotReport("gate", lot.lot_id, 3, "OK", 1), timeout=PATIENCE)
    result = await ledger.append(lot.batch(1, ("A1", OCCUPIED), version=2))
    assert result.rejected is None
    events = await watched(other, lot, after=begin, changes=1)
    assert [one.version for event in events for one in event.layouts] == [2]
    assert [one.count.available_spaces for event in events for one in event.counts] == [3]
    lots = {one.lot_id for event in events for one in event.layouts}
    lots |= {one.lot_id for event in events for one in event.counts}
    lots |= {one.lot_id for event in events for one in event.changes}
    assert lots == {lot.lot_id}


async def test_a_watcher_hears_of_progress_where_nothing_happens(ledger: Client, lot: Lot) -> None:
    index = (await ledger.get((lot.lot_id,), timeout=PATIENCE)).index
    events = ledger.watch(index, lot_ids=(lot.lot_id,))
    event = await anext(aiter(events))
    assert not event.changes
    assert event.index >= index
