"""A: detections are committed exactly once, in order, and refusals are told."""

import asyncio
from dataclasses import replace

from tests.conformance.engine import PATIENCE, Client, Engine, all_at, primary_of
from tests.conformance.world import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    Lot,
    alternating,
    changes_of,
    occupancies,
    state_of,
)


async def test_what_is_acked_is_there_for_everybody(
    ledger: Client, other: Client, lot: Lot
) -> None:
    result = await ledger.append(lot.batch(1, ("A1", OCCUPIED)))
    assert result.rejected is None
    state = await other.get((lot.lot_id,), timeout=PATIENCE)
    assert state.index >= result.index
    assert occupancies(state.lots[0]) == {"A1": OCCUPIED, "A2": UNKNOWN}


async def test_a_batch_sent_again_changes_nothing(ledger: Client, other: Client, lot: Lot) -> None:
    await ledger.append(lot.flip(1))
    await ledger.append(lot.flip(2))
    for client in (ledger, other):
        again = await client.append(lot.flip(1))
        assert again.rejected is None
    assert alternating(await changes_of(ledger, lot))
    assert len(await changes_of(ledger, lot)) == 2
    assert occupancies(await state_of(ledger, lot))["A1"] is VACANT


async def test_a_batch_whose_sequence_is_not_above_the_last_is_a_duplicate(
    ledger: Client, lot: Lot
) -> None:
    await ledger.append(lot.batch(5, ("A1", OCCUPIED)))
    await ledger.append(lot.batch(3, ("A1", VACANT)))  # late, not a gap: it is over
    assert occupancies(await state_of(ledger, lot))["A1"] is OCCUPIED


async def test_a_new_run_of_a_camera_counts_from_its_own_beginning(
    ledger: Client, lot: Lot
) -> None:
    await ledger.append(lot.batch(9, ("A1", OCCUPIED)))
    await ledger.append(lot.batch(1, ("A1", VACANT), boot_id="boot-2"))
    assert occupancies(await state_of(ledger, lot))["A1"] is VACANT


async def test_batches_of_a_camera_are_applied_in_the_order_of_the_calls(
    ledger: Client, lot: Lot
) -> None:
    count = 200
    results = await asyncio.gather(*(ledger.append(lot.flip(n)) for n in range(1, count + 1)))
    assert all(result.rejected is None for result in results)
    assert [result.index for result in results] == sorted(result.index for result in results)
    changes = await changes_of(ledger, lot)
    assert len(changes) == count
    assert alternating(changes)


async def test_what_cannot_be_applied_is_refused_and_holds_nothing_up(
    ledger: Client, lot: Lot
) -> None:
    wrong = (
        lot.batch(1, ("A1", OCCUPIED), camera_id="nobody-knows-me"),
        lot.batch(1, ("Z9", OCCUPIED)),
        lot.batch(2, ("A1", OCCUPIED), version=7),  # read with regions that are not there (yet)
    )
    for batch in wrong:
        result = await ledger.append(batch)
        assert result.rejected
        assert "\n" not in result.rejected
    right = await ledger.append(lot.batch(3, ("A1", OCCUPIED)))
    assert right.rejected is None
    assert len(await changes_of(ledger, lot)) == 1


async def test_a_batch_that_was_refused_is_refused_again(
    engine: Engine, ledger: Client, other: Client, lot: Lot
) -> None:
    early = lot.batch(1, ("A1", OCCUPIED), version=2)
    refused = (await ledger.append(early)).rejected
    assert refused
    await ledger.append(lot.flip(2))
    # What made it impossible is mended; whoever was not told must not take it for accepted now.
    await ledger.apply(replace(lot.layout, name="Renamed"), timeout=PATIENCE)
    assert (await other.append(early)).rejected == refused
    engine.kill(await primary_of(engine, ledger))
    assert (await ledger.append(early)).rejected == refused
    engine.revive()
    assert len(await changes_of(ledger, lot)) == 1


async def test_the_best_view_that_is_not_unknown_decides(ledger: Client, lot: Lot) -> None:
    await ledger.append(lot.batch(1, ("A1", VACANT), camera_id=lot.far))
    assert occupancies(await state_of(ledger, lot))["A1"] is VACANT
    await ledger.append(lot.batch(1, ("A1", OCCUPIED)))
    await ledger.append(lot.batch(2, ("A1", VACANT), camera_id=lot.far))
    state = await state_of(ledger, lot)
    assert occupancies(state)["A1"] is OCCUPIED
    assert {view.camera_id: view.occupancy for view in state.spots[0].views} == {
        lot.near: OCCUPIED,
        lot.far: VACANT,
    }
    await ledger.append(lot.batch(2, ("A1", UNKNOWN)))
    assert occupancies(await state_of(ledger, lot))["A1"] is VACANT


async def test_what_was_acked_and_what_is_sent_again_survive_the_primary_s_death(
    engine: Engine, ledger: Client, other: Client, lot: Lot
) -> None:
    for number in range(1, 11):
        await ledger.append(lot.flip(number))
    engine.kill(await primary_of(engine, other))
    # These are in flight while nobody leads: sent again by the client until they are acked.
    more = [asyncio.create_task(ledger.append(lot.flip(number))) for number in range(11, 31)]
    results = await asyncio.gather(*more)
    assert all(result.rejected is None for result in results)
    engine.revive()
    # And a client that never learnt what became of them sends all of them once more.
    await asyncio.gather(*(other.append(lot.flip(number)) for number in range(1, 31)))
    changes = await changes_of(other, lot)
    assert len(changes) == 30
    assert alternating(changes)
    await all_at(engine, other, results[-1].index)
