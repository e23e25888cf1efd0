"""H: the history is one order, paged, and never changes behind a reader."""

import pytest

from central.ledger.interface import LedgerRefused
from tests.conformance.engine import PATIENCE, Client
from tests.conformance.world import OCCUPIED, UNKNOWN, Lot, alternating, changes_of


async def test_pages_are_whole_and_in_order_while_writing_goes_on(
    ledger: Client, other: Client, lot: Lot
) -> None:
    for number in range(1, 21):
        await ledger.append(lot.flip(number))
    pages = []
    number = 21
    async for page in other.history(lot.lot_id, page_size=3, timeout=PATIENCE):
        pages.append(page)
        assert len(page.changes) <= 3
        if number <= 26:
            await ledger.append(lot.flip(number))
            number += 1
    read = [change for page in pages for change in page.changes]
    assert len(read) >= 20
    assert alternating([one.change for one in read])
    order = [(one.index, one.committed_at_us) for one in read]
    assert order == sorted(order)
    assert len(set(order)) == len(order)
    whole = [page async for page in ledger.history(lot.lot_id, timeout=PATIENCE)]
    assert [change for page in whole for change in page.changes][: len(read)] == read


async def test_it_is_asked_by_spot_and_by_time_of_commit(ledger: Client, lot: Lot) -> None:
    await ledger.append(lot.batch(1, ("A1", OCCUPIED)))
    await ledger.append(lot.batch(2, ("A2", OCCUPIED)))
    await ledger.append(lot.batch(3, ("A1", UNKNOWN)))

    async def ask(**more: object) -> list[tuple[int, str]]:
        pages = ledger.history(lot.lot_id, **more, timeout=PATIENCE)  # type: ignore[arg-type]
        return [
            (one.committed_at_us, one.change.spot_id)
            async for page in pages
            for one in page.changes
        ]

    everything = await ask()
    (first, _), (second, _), (third, _) = everything
    assert [spot for _, spot in everything] == ["A1", "A2", "A1"]
    assert [spot for _, spot in await ask(spot_ids=("A2",))] == ["A2"]
    if first < second < third:  # else two were committed in one microsecond
        assert await ask(since_us=second) == everything[1:]
        assert await ask(until_us=second) == everything[:1]  # before, not at
        assert await ask(since_us=second, until_us=third) == everything[1:2]


async def test_what_changed_says_who_saw_it_and_by_what(ledger: Client, lot: Lot) -> None:
    await ledger.append(lot.batch(4, ("A1", OCCUPIED)))
    (change,) = await changes_of(ledger, lot)
    assert (change.previous, change.occupancy) == (UNKNOWN, OCCUPIED)
    assert (change.camera_id, change.confidence) == (lot.near, 9_000)
    assert change.captured_at_us == 4_000_000
    assert (change.layout_version, change.model) == (1, "0123456789abcdef")


async def test_a_lot_or_spot_that_never_was_is_refused_by_name(ledger: Client, lot: Lot) -> None:
    with pytest.raises(LedgerRefused, match="never-was"):
        await anext(aiter(ledger.history("never-was", timeout=PATIENCE)))
    with pytest.raises(LedgerRefused, match="Z9"):
        await anext(aiter(ledger.history(lot.lot_id, spot_ids=("Z9",), timeout=PATIENCE)))
