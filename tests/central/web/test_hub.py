"""The ring that all listeners read: pieces, bounds, and what is told to the slow."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from central.ledger.records import LayoutChange, LedgerEvent
from central.web.hub import Hub


def event(index: int, lot_id: str = "n") -> LedgerEvent:
    return LedgerEvent(index, index, layouts=(LayoutChange(lot_id, 1),))


def name(event: LedgerEvent, lot_id: str | None) -> bytes | None:
    if lot_id not in (None, event.layouts[0].lot_id):
        return None
    return f"{event.index} ".encode()


def hub(*indexes: int, kept: int = 100) -> Hub:
    made = Hub(name, kept=kept, linger_s=0)
    made.restart(0)
    for index in indexes:
        made.publish(event(index))
    return made


async def test_a_listener_gets_what_is_after_its_place() -> None:
    ring = hub(1, 3, 7)
    piece = ring.piece(1, None)
    assert piece is not None
    assert (piece.data, piece.through) == (b"3 7 ", 7)
    assert ring.piece(7, None) is None
    other = ring.piece(0, "other")
    assert other is not None
    assert (other.data, other.through) == (b"", 7)


async def test_entries_that_change_nothing_only_move_the_place() -> None:
    ring = hub(1)
    ring.publish(LedgerEvent(5, 5))
    piece = ring.piece(1, None)
    assert piece is not None
    assert (piece.data, piece.through) == (b"", 5)


async def test_one_slower_than_the_ring_is_told_so() -> None:
    ring = hub(*range(1, 21), kept=5)
    piece = ring.piece(2, None)
    assert piece is not None
    assert piece.missed
    current = ring.piece(ring.floor, None)
    assert current is not None
    assert not current.missed


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 3), max_size=60), st.integers(1, 8), st.data())
def test_nothing_is_skipped_or_repeated_unless_it_is_told(
    steps: list[int], kept: int, data: st.DataObject
) -> None:
    async def run() -> None:
        ring = hub(kept=kept)
        index, place, got, missed = 0, 0, list[int](), False
        for step in steps:
            index += step
            ring.publish(event(index))
            if data.draw(st.booleans()):
                piece = ring.piece(place, None)
                assert piece is not None
                place = piece.through
                missed |= piece.missed
                got += [int(one) for one in piece.data.split()]
        assert got == sorted(set(got))
        if not missed:
            expected = [sum(steps[: one + 1]) for one in range(len(steps))]
            assert got == [one for one in expected if one <= place]

    asyncio.run(run())


async def test_an_index_that_begins_anew_begins_a_generation() -> None:
    ring = hub(1, 2)
    ring.restart(2)
    assert ring.generation == 0
    ring.restart(1)
    assert ring.generation == 1


async def test_waiting_ends_with_an_event_or_in_time() -> None:
    ring = hub()
    assert await ring.more(timeout=10)  # the beginning
    assert not await ring.more(timeout=0.01)
    waiting = asyncio.create_task(ring.more(timeout=10))
    await asyncio.sleep(0)
    ring.publish(event(1))
    assert await waiting
