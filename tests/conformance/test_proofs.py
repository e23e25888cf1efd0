"""P: what was applied is proved against a head, and heads are the same everywhere."""

from dataclasses import replace

import pytest

from central.ledger.interface import LedgerRefused
from tests.conformance.engine import PATIENCE, Client, Engine, all_at
from tests.conformance.world import Lot


async def test_heads_are_the_same_on_every_replica(
    engine: Engine, ledger: Client, lot: Lot
) -> None:
    index = 0
    for number in range(1, 6):
        index = (await ledger.append(lot.flip(number))).index
    await all_at(engine, ledger, index)
    for at in (1, index // 2, index):
        heads = [
            await ledger.head(address, index=at, timeout=PATIENCE) for address in engine.addresses
        ]
        assert len({(head.index, head.digest) for head in heads}) == 1
        assert heads[0].index == at


async def test_an_entry_is_proved_and_an_altered_one_is_not(
    engine: Engine, ledger: Client, lot: Lot
) -> None:
    await ledger.append(lot.flip(1))
    pages = [page async for page in ledger.history(lot.lot_id, timeout=PATIENCE)]
    index = pages[0].changes[0].index
    for number in range(2, 9):
        last = (await ledger.append(lot.flip(number))).index
    proof = await ledger.proof(index, head_index=last, timeout=PATIENCE)
    assert proof.holds
    assert lot.near in proof.link.rows
    head = await ledger.head(engine.addresses[0], index=last, timeout=PATIENCE)
    await all_at(engine, ledger, last)
    assert proof.head.digest == head.digest or head.index < last
    altered = replace(proof, link=replace(proof.link, rows=proof.link.rows.replace("A1", "A2")))
    assert altered.link != proof.link
    assert not altered.holds
    moved = replace(proof, link=replace(proof.link, committed_at_us=proof.link.committed_at_us + 1))
    assert not moved.holds


async def test_what_is_not_applied_cannot_be_proved(ledger: Client, lot: Lot) -> None:
    with pytest.raises(LedgerRefused, match="cannot be proved"):
        await ledger.proof(1 << 40, timeout=PATIENCE)
