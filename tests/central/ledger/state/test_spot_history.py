"""The history of spots against a naive twin: a list of changes."""

import random
import sqlite3
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ledger.compact_json import loads
from central.ledger.state.schema import STATEMENTS
from central.ledger.state.spot_history import (
    SPAN,
    Change,
    Unwritten,
    changes,
    changes_of,
    drop,
    entries,
    indexes_of,
    last_change,
    places,
    runs,
    said_of,
)

SPOTS = [("north", "A1"), ("north", "A2"), ("north", 'B "ü"'), ("south", "A1")]


def connection_of(made: list[list[Change]], rng: random.Random) -> sqlite3.Connection:
    """Write changes of one entry after the other, some entries at a time."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(STATEMENTS)
    lives = [(lot_id, spot_id, 1, 0, None) for lot_id, spot_id in SPOTS]
    connection.executemany("INSERT INTO spot_lives VALUES (?, ?, ?, ?, ?)", lives)
    unwritten = Unwritten()
    for one in made:
        unwritten.add(one[0][0], list(map(said_of, one)))
        if rng.random() < 0.2:
            unwritten.flush(connection)
    unwritten.flush(connection)
    return connection


def random_changes(rng: random.Random) -> list[list[Change]]:
    made: list[list[Change]] = []
    index = 0
    for _ in range(rng.randrange(60)):
        index += rng.choice([1, 1, 1, 2, rng.randrange(1, 3 * SPAN)])
        source = rng.choice([(0, ""), (3, "model")])
        made.append(
            [
                (index, n, *rng.choice(SPOTS), 1, 2, rng.randrange(9), "c", -5, index * 10, *source)
                for n in range(rng.randrange(1, 6))
            ]
        )
    return made


@given(seed=st.integers(0, 2**32))
def test_what_was_written_is_found_by_index_by_spot_and_after_a_cut(seed: int) -> None:
    rng = random.Random(seed)
    made = random_changes(rng)
    connection = connection_of(made, rng)
    every = [change for one in made for change in one]
    end = every[-1][0] if every else 5
    for cut in sorted({0, rng.randrange(end + 1)}):
        drop(connection, {change[2:4] for change in every if change[0] <= cut}, cut)
        every = [change for change in every if change[0] > cut]
        first, last = sorted(rng.randrange(end + 2) for _ in range(2))
        within = [change for change in every if first <= change[0] <= last]
        assert list(changes(connection, first, last)) == within
        assert [one for *_, held in entries(connection) for one in held] == every
        assert list(places(connection)) == sorted({(*one[2:4], one[0]) for one in every})
        for lot_id, spot_id in SPOTS:
            of_spot = [one for one in within if one[2:4] == (lot_id, spot_id)]
            assert list(changes_of(connection, lot_id, [spot_id], first, last)) == of_spot
            assert last_change(connection, lot_id, spot_id, first, last) == (
                of_spot[-1] if of_spot else None
            )
        of_lot = [one for one in within if one[2] == "north"]
        assert list(changes_of(connection, "north", [], first, last)) == of_lot
        two = [one for one in of_lot if one[3] != "A2"]
        assert list(changes_of(connection, "north", ["A1", 'B "ü"'], first, last)) == two


@given(st.sets(st.integers(1, 5 * SPAN), min_size=1))
def test_a_row_of_the_index_stands_for_what_it_was_made_of(indexes: set[int]) -> None:
    made = [indexes_of(*run) for run in runs(sorted(indexes))]
    assert [index for one in made for index in one] == sorted(indexes)
    assert all(one[-1] - one[0] <= SPAN for one in made)
    assert all(later[0] - one[0] > SPAN for one, later in pairwise(made))


def test_an_entry_is_kept_as_its_link_has_it() -> None:
    unwritten = Unwritten()
    first = (7, 0, "north", 'A "ü"', 1, 2, 9730, "near", 5, 6, 0, "")
    second = (7, 1, "north", "A2", 2, 3, 0, "near", 5, 6, 4, "m")
    text = unwritten.add(7, [said_of(first), said_of(second)])
    assert text == (
        '[[0,"north","A \\"ü\\"",1,2,9730,"near",5,6],[1,"north","A2",2,3,0,"near",5,6,4,"m"]]'
    )
    assert loads(text) == [[*first[1:-2]], [*second[1:]]]
    assert unwritten.add(8, []) == "[]"


def test_one_row_an_entry_and_one_a_spot_for_all_that_is_written_together() -> None:
    connection = connection_of([], random.Random(0))
    unwritten = Unwritten()
    for index in range(1, 101):
        unwritten.add(index, [(0, *SPOTS[index % 2], 1, 2, 3, "c", 4, 5)])
    unwritten.flush(connection)
    for table, rows in (("history", 100), ("spot_changes", 2)):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (rows,)
    unwritten.flush(connection)  # there is nothing left


def test_an_entry_that_is_gone_is_not_passed_over() -> None:
    made: list[list[Change]] = [[(3, 0, *SPOTS[0], 1, 2, 3, "c", 4, 5, 0, "")]]
    connection = connection_of(made, random.Random(0))
    connection.execute("DELETE FROM history")
    with pytest.raises(TypeError):
        list(changes_of(connection, *SPOTS[0][:1], [], 1, 9))
