"""Changes that a neighbour's vehicle explains: what is kept, for how long, and what is not."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from central.ledger.records import Occupancy
from central.processor.evidence import EvidenceFilter, EvidenceSettings

SETTINGS = EvidenceSettings(occupied_above=0.6, vacant_below=0.4, leave_confidence=0.85)
SECOND = 1_000_000
OCCUPIED, VACANT, UNKNOWN = Occupancy.OCCUPIED, Occupancy.VACANT, Occupancy.UNKNOWN
BEFORE = np.array([[False, True], [False, False]])
"""A vehicle in the second spot shows in the region of the first."""
HIDDEN = 0.06  # that the car is there, behind a van: enough to flip a spot that stands alone


class Lot:
    """Spot `a`, a car in it, and spot `b`, empty, before it. A frame a second."""

    def __init__(
        self, settings: EvidenceSettings = SETTINGS, *, near: np.ndarray = BEFORE, a: str = "o"
    ) -> None:
        held = {"a": OCCUPIED if a == "o" else VACANT, "b": VACANT}
        self._filter = EvidenceFilter(settings, ("a", "b"), held, near=near)
        self._noise = itertools.cycle((0.0, 0.001))  # no two frames are quite the same
        self.now = 0
        self.show(0.99 if a == "o" else 0.01, 0.01)

    def show(self, a: float, b: float, *, seconds: int = 20) -> str:
        """Return what is believed of both afterwards: o, v or u."""
        for _ in range(seconds):
            self._filter.observe((a, b + next(self._noise)), self.now * SECOND)
            self.now += 1
        return "".join(one.name[0].lower() for one in self._filter.occupancies().values())


def test_a_van_that_parks_before_a_car_does_not_empty_its_spot() -> None:
    assert Lot().show(HIDDEN, 0.99, seconds=600) == "oo"


def test_without_a_neighbour_the_same_evidence_is_believed() -> None:
    assert Lot(near=np.zeros((2, 2), np.bool_)).show(HIDDEN, 0.99) == "vo"
    assert Lot().show(HIDDEN, 0.01) == "vv", "nobody came"


def test_a_vehicle_behind_explains_nothing() -> None:
    assert Lot(near=BEFORE.T).show(HIDDEN, 0.99) == "vo"


def test_a_body_that_leans_in_is_no_car() -> None:
    assert Lot(a="v").show(0.9, 0.99, seconds=300) == "vo"


def test_both_change_if_the_evidence_of_both_is_clear() -> None:
    assert Lot().show(0.01, 0.99) == "vo"
    assert Lot(a="v").show(0.99, 0.99) == "oo"
    assert Lot(a="v").show(0.99, 0.99, seconds=5) == "oo", "and as soon as ever"
    assert Lot().show(0.01, 0.99, seconds=6) == "vo"


def test_evidence_that_becomes_clear_is_believed_then() -> None:
    lot = Lot()
    assert lot.show(HIDDEN, 0.99, seconds=300) == "oo"
    assert lot.show(0.01, 0.99) == "vo"


def test_a_change_at_another_time_is_the_spots_own() -> None:
    lot = Lot()
    assert lot.show(0.99, 0.99) == "oo"
    assert lot.show(HIDDEN, 0.99) == "vo"


def test_it_is_looked_at_anew_when_the_neighbour_has_gone() -> None:
    lot = Lot()
    lot.show(HIDDEN, 0.99, seconds=60)
    assert lot.show(HIDDEN, 0.01, seconds=6) == "ov", "not by what was seen behind the van"
    assert lot.show(HIDDEN, 0.01) == "vv"
    still = Lot()
    still.show(HIDDEN, 0.99, seconds=60)
    assert still.show(0.99, 0.01) == "ov"


def test_what_is_hidden_for_long_is_unknown_until_it_is_seen() -> None:
    lot = Lot(replace(SETTINGS, hidden_seconds=100.0))
    assert lot.show(HIDDEN, 0.99, seconds=100) == "oo"
    assert lot.show(HIDDEN, 0.99, seconds=500) == "uo", "not vacant either"
    assert lot.show(0.99, 0.99) == "oo"
    assert lot.show(0.99, 0.01) == "ov"


def test_pictures_that_stood_still_before_tell_no_time() -> None:
    """A still each half hour: all that changed meanwhile changes in one instant."""
    spots = EvidenceFilter(SETTINGS, ("a", "b"), {"a": OCCUPIED, "b": VACANT}, near=BEFORE)
    for at in range(60):
        spots.observe((0.99, 0.01) if at < 30 else (HIDDEN, 0.99), at * SECOND)
    assert spots.occupancies() == {"a": VACANT, "b": OCCUPIED}


@pytest.mark.parametrize("how", ["ledger", "blind"])
def test_another_word_ends_it(how: str) -> None:
    spots = EvidenceFilter(SETTINGS, ("a", "b"), {"a": OCCUPIED, "b": VACANT}, near=BEFORE)
    for at in range(60):
        spots.observe((0.99, at / 1e4) if at < 30 else (HIDDEN, 1 - at / 1e4), at * SECOND)
    assert spots.occupancies() == {"a": OCCUPIED, "b": OCCUPIED}
    if how == "ledger":
        spots.restart("a", OCCUPIED)
    else:
        spots.blind()
    for at in range(60, 120):
        spots.observe((HIDDEN, 1 - at / 1e4), at * SECOND)
    assert spots.occupancies() == {"a": VACANT, "b": OCCUPIED}
