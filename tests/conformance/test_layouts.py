"""L: layouts are versioned, checked, and replaced only by those who saw the last one."""

import asyncio
from dataclasses import replace

import pytest

from central.layout.document import Camera, Mask, Spot, Zone
from central.ledger.interface import LedgerRefused, VersionConflict
from tests.conformance.engine import PATIENCE, Client
from tests.conformance.world import OCCUPIED, UNKNOWN, Lot, new_lot, occupancies, square, state_of


async def test_versions_count_from_one_and_the_same_layout_makes_none(ledger: Client) -> None:
    lot = new_lot()
    first = await ledger.apply(lot.layout, expected_version=0, timeout=PATIENCE)
    assert (first.version, first.changed) == (1, True)
    again = await ledger.apply(lot.layout, timeout=PATIENCE)
    assert (again.version, again.changed) == (1, False)
    other = await ledger.apply(
        replace(lot.layout, name="Another"), expected_version=1, timeout=PATIENCE
    )
    assert (other.version, other.changed) == (2, True)
    assert other.index > first.index
    assert (await state_of(ledger, lot)).name == "Another"


async def test_a_layout_made_for_another_version_is_a_conflict(ledger: Client, lot: Lot) -> None:
    for wrong in (0, 2):
        with pytest.raises(VersionConflict) as conflict:
            await ledger.apply(
                replace(lot.layout, name="Late"), expected_version=wrong, timeout=PATIENCE
            )
        assert lot.lot_id in str(conflict.value)
    assert (await state_of(ledger, lot)).layout_version == 1


async def test_of_those_who_replace_one_version_at_once_one_wins(
    ledger: Client, other: Client, lot: Lot
) -> None:
    async def one(client: Client, name: str) -> str | None:
        try:
            await client.apply(replace(lot.layout, name=name), expected_version=1, timeout=PATIENCE)
        except VersionConflict:
            return None
        return name

    answers = await asyncio.gather(
        *(one(client, f"{number}") for number, client in enumerate([ledger, other] * 4))
    )
    (winner,) = [name for name in answers if name is not None]
    state = await state_of(ledger, lot)
    assert (state.name, state.layout_version) == (winner, 2)


@pytest.mark.parametrize("what", ["twice", "crossed", "dangling", "taken"])
async def test_a_layout_that_cannot_be_is_refused_by_name(
    ledger: Client, lot: Lot, what: str
) -> None:
    new = new_lot().layout
    wrong, said = {
        "twice": (replace(new, spots=(Spot("A1"), Spot("A1"))), "spots[1].id"),
        "crossed": (
            replace(new, cameras=(Camera("c", masks=(Mask(((0, 0), (9, 9), (9, 0), (0, 9))),)),)),
            "cameras[0].masks[0].polygon",
        ),
        "dangling": (replace(new, cameras=(Camera("c", regions=(square("Z9"),)),)), "Z9"),
        "taken": (replace(new, cameras=(Camera(lot.near),)), lot.near),
    }[what]
    with pytest.raises(LedgerRefused) as refused:
        await ledger.apply(wrong, timeout=PATIENCE)
    assert said in str(refused.value)
    assert not isinstance(refused.value, VersionConflict)
    with pytest.raises(LedgerRefused):
        await ledger.get((new.lot_id,), timeout=PATIENCE)


async def test_what_moved_is_unknown_and_what_did_not_stays_known(ledger: Client, lot: Lot) -> None:
    await ledger.append(lot.batch(1, ("A1", OCCUPIED), ("A2", OCCUPIED)))
    moved = replace(lot.layout.cameras[1], regions=(square("A1"), square("A2", left=300_000)))
    await ledger.apply(
        replace(lot.layout, cameras=(lot.layout.cameras[0], moved)), timeout=PATIENCE
    )
    assert occupancies(await state_of(ledger, lot)) == {"A1": OCCUPIED, "A2": UNKNOWN}


async def test_all_of_a_layout_comes_back(ledger: Client) -> None:
    lot = new_lot()
    full = replace(
        lot.layout,
        time_zone="Europe/Paris",
        latitude=48.137,
        longitude=-0.1,
        zones=(Zone("row", "Row", 5400),),
        spots=(Spot("A1", "row", 48.1371, 11.5), Spot("A2")),
        cameras=(
            replace(
                lot.layout.cameras[0],
                name="Mast",
                masks=(Mask(((0, 0), (9, 0), (0, 9))),),
                reference=bytes(range(256)),
            ),
            lot.layout.cameras[1],
        ),
    )
    await ledger.apply(full, timeout=PATIENCE)
    (found,) = (await ledger.get((lot.lot_id,), with_layouts=True, timeout=PATIENCE)).lots
    assert found.layout == full
    assert (await state_of(ledger, lot)).layout is None  # only who asks for it gets it
