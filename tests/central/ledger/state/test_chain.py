import hashlib
import json
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.ledger.command import ReportCount, encode
from central.ledger.merkle import EMPTY_ROOT, leaf_hash
from central.ledger.proof import FORMAT, Head, Link, Proof, proof_from_json, proof_to_json
from central.ledger.records import LotReport
from central.ledger.snapshots.snapshots import copy_state
from central.ledger.state import chain
from central.ledger.state.schema import SCHEMA_VERSION
from central.ledger.state.state_machine import StateMachine, replace_state
from central.raft import Configuration, Entry
from node.errors import OperationError, UsageError
from tests.central.ledger.books import Book, book_of, flips, tamper
from tests.central.ledger.samples import OCCUPIED, appended, applied, batch, layout


def heads_by_step(directory: Path, count: int) -> dict[int, bytes]:
    """The head that the state machine itself had after each index."""
    book = Book(directory)
    heads = {book.machine.applied_index: book.machine.chain_head}
    for command in (applied(layout()), *flips(count - 1)):
        index = book.apply(command)
        heads[index] = book.machine.chain_head
    book.close()
    return heads


def test_a_leaf_is_what_the_protocol_says() -> None:
    link = Link(7, 2, 5_000_000, b"c" * 32, "[[],[],[]]")
    numbers = b"".join(number.to_bytes(8, "big") for number in (7, 2, 5_000_000))
    rows = hashlib.sha256(b"[[],[],[]]").digest()
    assert link.leaf() == leaf_hash(numbers + b"c" * 32 + rows)
    assert chain.NO_ROWS == "[[],[],[]]"


def test_rows_are_all_that_an_entry_did_as_json(tmp_path: Path) -> None:
    book = book_of(tmp_path, changes=1)
    book.apply(ReportCount(LotReport("gate", "north", 3, "OK", 9)))
    book.apply(ReportCount(LotReport("gate", "nowhere", 3, "OK", 9)))  # refused: no rows
    _, links = book.queries.links(0, limit=10)
    changes, layouts, counts = zip(*(json.loads(link.rows) for link in links), strict=True)
    change = [0, "north", "A1", 3, 1, 9000, "near", 1_000_000, 2_000_000, 1, "0123456789abcdef"]
    assert changes == ([], [change], [], [])
    assert [row[:3] for row in layouts[0]] == [["north", 1, 1_000_000]]
    assert json.loads(layouts[0][0][3])["name"] == "North lot"
    assert counts == ([], [], [["north", "gate", 3, 9, 0, "OK", 3_000_000]], [])


def test_a_head_is_known_at_every_index(tmp_path: Path) -> None:
    heads = heads_by_step(tmp_path, 150)  # beyond two stored subtrees
    assert heads[0] == EMPTY_ROOT
    assert len(set(heads.values())) == 151
    book = Book(tmp_path)
    for index in (1, 2, 63, 64, 65, 100, 128, 129, 149):
        assert book.queries.head(index) == (index, heads[index])
    assert book.queries.head(0) == book.queries.head(150) == book.queries.head(999)
    assert book.queries.head(0) == (150, heads[150])


@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(1, 139), max_size=5), restart=st.booleans())
def test_the_head_does_not_depend_on_how_entries_are_batched_or_on_restarts(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], restart: bool
) -> None:
    entries = [
        Entry(index, 1, encode(command, committed_at_us=index))
        for index, command in enumerate((applied(layout()), *flips(139)), start=1)
    ]
    heads = []
    for edges in ([0, 140], sorted({0, 140, *cuts})):
        directory = tmp_path_factory.mktemp("state")
        machine = StateMachine(directory)
        for first, last in pairwise(edges):
            machine.apply(entries[first:last])
            if restart:
                machine.close()
                machine = StateMachine(directory)
        heads.append(machine.chain_head)
        machine.close()
    assert heads[0] == heads[1]


@pytest.mark.parametrize(
    "other",
    [
        Entry(1, 2, b""),  # another term
        Entry(1, 1, configuration=Configuration(frozenset("a"))),
        Entry(1, 1, encode(applied(layout()), committed_at_us=1)),
        Entry(1, 1, encode(applied(layout("south")), committed_at_us=1)),
        Entry(1, 1, encode(applied(layout()), committed_at_us=2)),
        # refused: no rows, but the entry was there
        Entry(1, 1, encode(appended(batch("x", 1, ("A1", OCCUPIED))), committed_at_us=1)),
    ],
)
def test_another_entry_is_another_head(tmp_path: Path, other: Entry) -> None:
    heads = set()
    for name, entry in (("one", Entry(1, 1, b"")), ("other", other)):
        (tmp_path / name).mkdir()
        machine = StateMachine(tmp_path / name)
        machine.apply([entry])
        heads.add(machine.chain_head)
        machine.close()
    assert len(heads) == 2


def test_a_snapshot_brings_the_chain_with_it(tmp_path: Path) -> None:
    book = book_of(tmp_path / "one", changes=80)
    copy_state(book.machine.path, tmp_path / "copy")
    (tmp_path / "other").mkdir()
    for _ in range(2):  # a crash in between repeats it
        replace_state(tmp_path / "other", tmp_path / "copy")
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["state.db"]
    (tmp_path / "copy").unlink()
    other = Book(tmp_path / "other")
    assert other.machine.chain_head == book.machine.chain_head
    more = appended(batch("near", 99, ("A2", OCCUPIED)))
    book.apply(more)
    other.apply(more)
    assert other.machine.chain_head == book.machine.chain_head
    assert other.queries.head(10) == book.queries.head(10)


def test_any_entry_is_proved_against_any_later_head_and_no_other(tmp_path: Path) -> None:
    heads = heads_by_step(tmp_path, 150)
    book = Book(tmp_path)
    for index, head_index in ((1, 1), (1, 150), (64, 150), (65, 65), (100, 128), (150, 0)):
        proof = book.queries.proof(index, head_index, replica_id="a")
        assert proof is not None
        assert proof.holds
        assert proof.head == Head(head_index or 150, heads[head_index or 150], FORMAT, "a")
        assert len(proof.path) <= 8
        again = proof_from_json(proof_to_json(proof), source="x")
        assert again == proof
        forged = proof.link.rows.replace("north", "south")
        other = Link(index, proof.link.term, proof.link.committed_at_us, proof.link.content, forged)
        assert not Proof(other, proof.head, proof.path).holds
    for index, head_index in ((0, 0), (151, 0), (10, 9), (10, 151)):
        assert book.queries.proof(index, head_index, replica_id="a") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value: line 1"),
        ("[]", "it is built otherwise"),
        ("{}", "it has no 'index'"),
        ('{"index": "1"}', "index is '1'"),
        ('{"index": -1}', "index is -1"),
    ],
)
def test_what_is_no_proof_is_named(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=f"entry.json is no proof .*{why}"):
        proof_from_json(text, source="entry.json")


def test_a_digest_that_is_none_is_named(tmp_path: Path) -> None:
    book = book_of(tmp_path, changes=1)
    proof = book.queries.proof(1, 0, replica_id="a")
    assert proof is not None
    value = json.loads(proof_to_json(proof))
    for key, wrong in (("head", "abcd"), ("content", "xyz"), ("path", ["00"])):
        with pytest.raises(UsageError, match="is no proof"):
            proof_from_json(json.dumps({**value, key: wrong}), source="x")


def test_a_state_of_version_1_is_built_again_from_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = heads_by_step(tmp_path / "new", 20)[20]
    old = tmp_path / "old"
    old.mkdir()
    with closing(sqlite3.connect(old / "state.db")) as connection:
        connection.executescript(
            "CREATE TABLE meta (only INTEGER PRIMARY KEY, schema_version INTEGER,"
            " applied_index INTEGER, chain_head BLOB);"
            "CREATE TABLE lots (lot_id TEXT PRIMARY KEY, name TEXT, layout_version INTEGER);"
            "INSERT INTO meta VALUES (1, 1, 20, x'ab'); INSERT INTO lots VALUES ('x', 'X', 1)"
        )
    book = Book(old)
    assert "state.db is of schema version 1: rebuilding from the log" in caplog.text
    assert book.machine.applied_index == 0
    book.apply(applied(layout()), *flips(19))
    assert book.machine.chain_head == expected
    assert [lot.lot_id for lot in book.queries.lots([], with_layouts=False)[1]] == ["north"]


def test_a_state_whose_head_is_not_that_of_its_links_does_not_start(tmp_path: Path) -> None:
    book_of(tmp_path, changes=3).close()
    tamper(tmp_path / "state.db", "UPDATE chain SET leaf = content WHERE applied_index = 4")
    with pytest.raises(OperationError, match="its head is not that of what is chained"):
        StateMachine(tmp_path)


def test_a_state_from_a_later_version_is_refused(tmp_path: Path) -> None:
    book_of(tmp_path, changes=0).close()
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection, connection:
        connection.execute("UPDATE meta SET schema_version = 9")
    with pytest.raises(
        UsageError, match=f"has schema version 9, this program knows {SCHEMA_VERSION}: u"
    ):
        StateMachine(tmp_path)


def test_the_index_at_an_instant_is_found_by_bisection(tmp_path: Path) -> None:
    book = Book(tmp_path)
    with closing(sqlite3.connect(book.machine.path)) as connection:
        assert chain.last_index_by(connection, 10**18) == 0
        times = [5, 5, 5, 9, 9, 12]
        for at, command in zip(times, (applied(layout()), *flips(5)), strict=True):
            book.apply(command, at_us=at)
        for instant in range(14):
            expected = sum(at <= instant for at in times)
            assert chain.last_index_by(connection, instant) == expected
