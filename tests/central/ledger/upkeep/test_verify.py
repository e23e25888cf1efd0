"""Every way to alter a replica's files is found, and the index named."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from central.layout.document import Mask, Spot, Zone
from central.ledger.command import encode
from central.ledger.log.storage import Storage
from central.ledger.merkle import Frontier
from central.ledger.proof import FORMAT, Head
from central.ledger.snapshots.snapshots import copy_state
from central.ledger.state.chain import content_of, stored
from central.ledger.upkeep.verify import Mismatch, verify_data
from central.raft import Configuration, Entry, HardState, Persist, Snapshot
from node.errors import OperationError, UsageError
from tests.central.ledger.books import Book, flips, tamper
from tests.central.ledger.log.segment_files import blocks, flip, segments, set_version
from tests.central.ledger.samples import applied, layout

LAST = 140  # beyond two stored subtrees


def entries() -> list[Entry]:
    commands = (applied(layout()), *flips(LAST - 1))
    return [
        Entry(index, 3, encode(command, committed_at_us=index * 1_000_000))
        for index, command in enumerate(commands, start=1)
    ]


def write_log(directory: Path, log: list[Entry]) -> None:
    first = Snapshot(configuration=Configuration(frozenset("a")))
    with Storage(directory, cluster_id="c", replica_id="a", first=first) as storage:
        for begin, end in ((0, 29), (29, 30), (30, len(log) - 1), (len(log) - 1, len(log))):
            storage.write(Persist(HardState(3, "a"), entries=tuple(log[begin:end])))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped replica: three more entries in the log than were applied."""
    directory = tmp_path_factory.mktemp("made") / "data"
    directory.mkdir(mode=0o700)
    more = [Entry(index, 3, b"") for index in range(LAST + 1, LAST + 4)]
    write_log(directory, entries() + more)
    book = Book(directory)
    book.machine.apply(entries())
    book.close()
    return directory


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be altered."""
    return Path(shutil.copytree(made, tmp_path / "data"))


def contents(data: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}


def test_what_nobody_touched_fits(data: Path) -> None:
    before = contents(data)
    found = verify_data(data)
    assert (found.index, found.changes, found.held, found.unapplied) == (
        LAST,
        LAST - 1,
        (1, LAST),
        3,
    )
    assert found == verify_data(data, against=Head(LAST, found.head, FORMAT, ""))
    assert contents(data) == before


def test_a_layout_that_uses_everything_fits(tmp_path: Path) -> None:
    document = replace(
        layout(),
        zones=(Zone("row-a", "Row A", 3600),),
        spots=(Spot("A1", "row-a", 48.1, 11.5), Spot("A2")),
        cameras=(
            replace(layout().cameras[0], masks=(Mask(((0, 0), (9, 0), (0, 9))),)),
            replace(layout().cameras[1], reference=b"view"),
        ),
    )
    book = Book(tmp_path / "data")
    book.apply(applied(document), *flips(3))
    assert book.queries.lots(["north"], with_layouts=True)[1][0].layout == document
    book.close()
    assert verify_data(tmp_path / "data").changes == 3


def test_a_backup_is_verified_by_itself(data: Path, tmp_path: Path) -> None:
    copy_state(data / "state.db", tmp_path / "backup")
    found = verify_data(tmp_path / "backup")
    assert (found.index, found.held) == (LAST, None)
    assert found.head == verify_data(data).head


def test_a_crashed_replica_is_verified_with_what_its_write_ahead_log_holds(data: Path) -> None:
    book = Book(data)
    book.machine.apply([Entry(LAST + 1, 3, b"")])
    copy = data.with_name("copy")
    shutil.copytree(data, copy, ignore=shutil.ignore_patterns("*-shm"))
    assert (copy / "state.db-wal").stat().st_size > 0
    assert verify_data(copy).index == LAST + 1
    book.close()


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("UPDATE history SET changes = replace(changes, '\"A1\",1,2', '\"A1\",2,1')"
         " WHERE applied_index = 51", 51),
        ("UPDATE history SET changes = replace(changes, '50000000', '50000001')"
         " WHERE applied_index = 50", 50),
        ("UPDATE history SET changes = replace(changes, 'near', 'far') WHERE applied_index = 140",
         140),
        ("UPDATE history SET changes = changes || ' ' WHERE applied_index = 50", 50),
        ("UPDATE history SET changes = CAST(changes AS BLOB) WHERE applied_index = 50", 50),
        ("UPDATE history SET applied_index = 1 WHERE applied_index = 50", 1),
        ("UPDATE history SET held = 2 WHERE applied_index = 50", 50),
        ("DELETE FROM history WHERE applied_index = 77", 77),
        ("INSERT INTO history VALUES (141, 1, '[]')", 141),
        ("INSERT INTO history VALUES (-4, 1, '[]')", -4),
        ("UPDATE spot_changes SET spot_id = 'A2'", 140),
        ("UPDATE spot_changes SET earlier = substr(earlier, 2)", 140),
        ("UPDATE spot_changes SET last_index = 139", 140),
        ("DELETE FROM spot_changes", 140),
        ("INSERT INTO spot_changes VALUES ('north', 'A2', 50, x'')", 140),
        ("INSERT INTO spot_changes VALUES ('north', 'A1', 200, x'')", 140),
        ("UPDATE layouts SET document = replace(document, 'North', 'South')", 1),
        ("UPDATE layouts SET committed_at_us = 4", 1),
        ("INSERT INTO count_history VALUES (9, 'north', 'gate', 1, 2, 0, 'OK', 3)", 9),
        ("UPDATE chain SET term = 4 WHERE applied_index = 20", 20),
        ("UPDATE chain SET committed_at_us = 20000001 WHERE applied_index = 20", 20),
        ("UPDATE chain SET committed_at_us = 1 WHERE applied_index = 20", 20),
        ("UPDATE chain SET content = leaf WHERE applied_index = 20", 20),
        ("UPDATE chain SET leaf = content WHERE applied_index = 20", 20),
        ("DELETE FROM chain WHERE applied_index = 20", 20),
        ("DELETE FROM chain WHERE applied_index = 140", 140),
        ("UPDATE chain SET applied_index = 150 WHERE applied_index = 140", 150),
        ("UPDATE chain_nodes SET digest = x'00' WHERE level = 6 AND position = 1", 128),
        ("DELETE FROM chain_nodes WHERE level = 7", 128),
        ("UPDATE meta SET chain_head = x'00'", 140),
        ("UPDATE meta SET applied_index = 139", 140),
        ("UPDATE spots SET occupancy = 3 - occupancy WHERE spot_id = 'A1'", 140),
        ("UPDATE spots SET since_us = 9 WHERE spot_id = 'A1'", 140),
        ("DELETE FROM spots WHERE spot_id = 'A2'", 140),
        ("UPDATE spot_lives SET added_at_us = 9 WHERE spot_id = 'A2'", 1),
        ("UPDATE spot_lives SET removed_index = 9 WHERE spot_id = 'A2'", 1),
        ("DELETE FROM spot_lives WHERE spot_id = 'A2'", 1),
    ],
)  # fmt: skip
def test_what_was_altered_in_the_state_is_found(data: Path, statement: str, index: int) -> None:
    tamper(data / "state.db", statement)
    with pytest.raises(Mismatch, match=rf"state\.db: index {index} does not fit: "):
        verify_data(data)


def forge(state: Path, index: int, statement: str) -> None:
    """Alter a row, then compute every hash over it again, as somebody with the code could."""
    tamper(state, statement)
    book = Book(state.parent)
    links = book.queries.links(0, limit=10_000)[1]
    book.close()
    with closing(sqlite3.connect(state)) as connection, connection:
        frontier = Frontier()
        connection.execute("DELETE FROM chain_nodes")
        for link in links:
            connection.execute(
                "UPDATE chain SET leaf = ? WHERE applied_index = ?", (link.leaf(), link.index)
            )
            for node in stored(frontier.append(link.leaf())):
                connection.execute(
                    "INSERT INTO chain_nodes VALUES (?, ?, ?)",
                    (node.level, node.position, node.digest),
                )
        connection.execute("UPDATE meta SET chain_head = ?", (frontier.root(),))
    assert index in [link.index for link in links]


def test_a_forgery_with_all_hashes_is_found_by_a_head_that_was_noted(data: Path) -> None:
    noted = Head(100, Book(data).queries.head(100)[1], FORMAT, "")
    confidence = (
        "UPDATE history SET changes = replace(changes, ',9000,', ',1,') WHERE applied_index = 50"
    )
    forge(data / "state.db", 50, confidence)
    verify_data(data)  # by itself it is of one piece
    with pytest.raises(Mismatch, match=r"index 100 does not fit: the head given with --against"):
        verify_data(data, against=noted)


def test_a_head_beyond_what_is_applied_cannot_be_compared(data: Path) -> None:
    with pytest.raises(UsageError, match="has applied 1 to 140; give a head up to there"):
        verify_data(data, against=Head(141, bytes(32), FORMAT, ""))


def test_a_flipped_byte_in_an_entry_is_found(data: Path) -> None:
    (segment,) = segments(data)
    flip(segment, blocks(segment)[1].end + 40)  # behind the write of 1 to 29
    with pytest.raises(
        Mismatch, match=r"log is damaged: 000000000001\.log is damaged at byte \d+: entries from 30"
    ):
        verify_data(data)


@pytest.mark.parametrize("entry", [Entry(30, 3, b"something else"), Entry(30, 1, b"")])
def test_another_entry_with_the_right_checksum_is_found(data: Path, entry: Entry) -> None:
    shutil.rmtree(data / "log")
    forged = entries()
    forged[29] = replace(entry, data=entry.data or forged[29].data)
    write_log(data, forged)
    with pytest.raises(Mismatch, match=r"index 30 does not fit: the entry in its log is not"):
        verify_data(data)
    assert content_of(Entry(30, 3, b"x")) != content_of(Entry(30, 3, b""))


def test_a_log_that_was_cut_short_is_found(data: Path) -> None:
    (segment,) = segments(data)
    segment.write_bytes(segment.read_bytes()[: blocks(segment)[-2].end])
    with pytest.raises(Mismatch, match=r"log is damaged: 000000000001\.log is damaged at byte"):
        verify_data(data)


def test_a_torn_last_write_is_no_damage(data: Path) -> None:
    (segment,) = segments(data)
    content = segment.read_bytes()
    segment.write_bytes(content[: blocks(segment)[-2].end + 30].ljust(len(content), b"\0"))
    assert verify_data(data).unapplied == 2


def test_a_rejection_of_a_batch_that_never_was_is_found(data: Path) -> None:
    last = LAST - 1  # sequence of boot-1
    tamper(data / "state.db", "INSERT INTO rejections VALUES ('near', 'boot-1', ?, 'no')", last)
    verify_data(data)
    for boot, sequence in (("boot-1", last + 1), ("boot-0", 1)):
        row = (boot, sequence)
        tamper(data / "state.db", "INSERT INTO rejections VALUES ('near', ?, ?, 'no')", *row)
        with pytest.raises(Mismatch, match=f"batch {sequence} of camera 'near' is said to be rej"):
            verify_data(data)
        tamper(data / "state.db", "DELETE FROM rejections WHERE boot_id = ? AND sequence = ?", *row)


def test_a_file_that_is_no_database_is_named(data: Path) -> None:
    (data / "state.db").write_bytes(b"x" * 5000)
    with pytest.raises(Mismatch, match=r"state\.db is damaged: file is not a database"):
        verify_data(data)


def test_a_damaged_page_is_named(data: Path) -> None:
    state = data / "state.db"
    content = bytearray(state.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 4096] = b"\xff" * 4096
    state.write_bytes(content)
    with pytest.raises(OperationError, match=r"state\.db"):
        verify_data(data)


def test_a_directory_without_a_state_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(UsageError, match="give a replica's data directory, or"):
            verify_data(path)


def test_a_directory_in_use_is_refused(data: Path) -> None:
    first = Snapshot(configuration=Configuration(frozenset("a")))
    with (
        Storage(data, cluster_id="c", replica_id="a", first=first),
        pytest.raises(UsageError, match="is in use by a replica: stop it first"),
    ):
        verify_data(data)
    verify_data(data)


@pytest.mark.parametrize(("version", "why"), [(9, "upgrade Parkledger"), (1, "start its")])
def test_another_schema_is_refused(data: Path, version: int, why: str) -> None:
    tamper(data / "state.db", "UPDATE meta SET schema_version = ?", version)
    with pytest.raises(UsageError, match=why):
        verify_data(data)


def test_a_log_of_another_schema_is_refused(data: Path) -> None:
    set_version(data, 9)
    with pytest.raises(UsageError, match=r"schema version 9, .* knows \d+: upgrade Parkledger"):
        verify_data(data)
    shutil.rmtree(data / "log")
    (data / "log.db").write_bytes(b"of an earlier version")
    with pytest.raises(UsageError, match="start its replica once with this version"):
        verify_data(data)
