"""What is known of the ledger's lots after answers that show some of them."""

from dataclasses import replace

from central.layout.document import Layout
from central.ledger.records import LedgerState, LotState, Occupancy, SpotState, ViewState
from central.processor.known_lots import KnownLots
from tests.central.processor.harness import layout

OCCUPIED, VACANT, UNKNOWN = Occupancy.OCCUPIED, Occupancy.VACANT, Occupancy.UNKNOWN


def answer(*lots: LotState, index: int) -> LedgerState:
    return LedgerState(index=index, age_us=0, lots=lots)


def lot(
    lot_id: str, camera: str, *, version: int = 1, said: Occupancy = UNKNOWN, shown: bool = True
) -> LotState:
    drawn: Layout = replace(layout(camera), lot_id=lot_id)
    spot = SpotState("A1", said, 9000, camera, 1, views=(ViewState(camera, said, 9000, 1),))
    return LotState(lot_id, lot_id, version, (spot,), layout=drawn if shown else None)


def held(lots: KnownLots, camera_id: str) -> Occupancy | None:
    entry = lots.entry(camera_id)
    return None if entry is None else entry.held["A1"]


def test_an_answer_without_layouts_is_enough_while_they_are_the_same() -> None:
    lots = KnownLots()
    lots.take(answer(lot("a", "cam1"), lot("b", "cam2"), index=5), whole=True)
    later = answer(lot("a", "cam1", said=OCCUPIED, shown=False), index=7)
    assert lots.lacking(later) == ()
    assert lots.take(later) == {"cam1"}
    assert (held(lots, "cam1"), held(lots, "cam2")) == (OCCUPIED, UNKNOWN)
    assert (lots.index, lots.cameras, len(lots)) == (7, 2, 2)


def test_another_layout_has_to_be_shown() -> None:
    lots = KnownLots()
    lots.take(answer(lot("a", "cam1"), index=5), whole=True)
    hidden = answer(
        lot("a", "cam1", version=2, said=VACANT, shown=False), lot("new", "cam3", shown=False),
        index=6,
    )  # fmt: skip
    assert lots.lacking(hidden) == ("a", "new")
    assert lots.take(hidden) == set()
    assert held(lots, "cam1") is UNKNOWN
    assert lots.take(answer(lot("a", "cam1", version=2, said=VACANT), index=6)) == {"cam1"}
    assert held(lots, "cam1") is VACANT


def test_an_older_answer_that_comes_late_changes_nothing() -> None:
    lots = KnownLots()
    lots.take(answer(lot("a", "cam1", said=OCCUPIED), index=9), whole=True)
    assert lots.take(answer(lot("a", "cam1", said=VACANT), index=8)) == set()
    assert held(lots, "cam1") is OCCUPIED


def test_a_camera_that_leaves_its_layout_is_told_of_and_one_that_moved_is_kept() -> None:
    lots = KnownLots()
    lots.take(answer(lot("a", "cam1"), lot("b", "cam2"), index=5), whole=True)
    moved = answer(lot("a", "other", version=2), lot("b", "cam1", version=2), index=6)
    assert lots.take(moved) == {"cam1", "cam2", "other"}
    entry = lots.entry("cam1")
    assert entry is not None
    assert entry.lot_id == "b"
    assert lots.entry("cam2") is None


def test_a_lot_that_a_whole_answer_lacks_is_gone() -> None:
    lots = KnownLots()
    lots.take(answer(lot("a", "cam1"), lot("b", "cam2"), index=5), whole=True)
    assert lots.take(answer(lot("b", "cam2"), index=6), whole=True) == {"cam1", "cam2"}
    assert lots.entry("cam1") is None
    assert lots.every() == {"b"}


def test_the_lot_that_was_read_longest_ago_comes_first() -> None:
    lots = KnownLots()
    lots.take(answer(*(lot(name, f"camera-{name}") for name in "abc"), index=5), whole=True)
    lots.take(answer(lot("a", "camera-a"), index=6))
    assert lots.oldest(2) == {"b", "c"}
