"""Which disk a replica is, and whom it has met: on disk, and the rules of who is listened to."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from central.ledger.peers.acquaintances import Acquaintances, after_hearing, known_incarnation
from central.ledger.peers.identity import (
    FILE_NAME,
    Identity,
    has_log,
    holds_replica,
    new_identity,
    read_identity,
    write_identity,
)
from central.ledger.peers.members import (
    Place,
    Standing,
    configuration_of,
    encode_places,
    with_learner,
)
from central.ledger.replica.opening import ReplicaSettings, open_replica
from central.raft import Configuration
from node.address import Address
from node.errors import OperationError

AT = Address("h", 1)
ABC = configuration_of({"a": AT, "b": AT, "c": AT})
AC = configuration_of({"a": AT, "c": AT})


def settings(
    directory: Path, first: Configuration = ABC, cluster_id: str = "c-1"
) -> ReplicaSettings:
    return ReplicaSettings(
        replica_id="a",
        first=first,
        cluster_id=cluster_id,
        directory=directory,
        tick=0.01,
        election_ticks=10,
        heartbeat_ticks=3,
    )


def made(directory: Path, first: Configuration = ABC, cluster_id: str = "c-1") -> Identity:
    """Open and close a replica; returns the identity that it had."""
    opened = open_replica(settings(directory, first, cluster_id))
    opened.state_machine.close()
    opened.storage.close()
    return opened.identity


def committed(configuration: Configuration, *, index: int = 5) -> Standing:
    return Standing(configuration, index, committed=True)


def uncommitted(configuration: Configuration) -> Standing:
    return Standing(configuration, 6, committed=False)


def acquaintances(directory: Path, *known: Standing) -> Acquaintances:
    """Return those of a new replica; each question sees the next configuration."""
    answers = list(known)
    identity = new_identity(made_for="c-1", joined=False)
    return Acquaintances(
        directory, identity, lambda: answers.pop(0) if len(answers) > 1 else answers[0]
    )


def test_what_was_written_is_read(tmp_path: Path) -> None:
    identity = Identity("ab" * 16, "c-1", True, {"b": "cd", "c": "ef"})
    write_identity(tmp_path, identity)
    assert read_identity(tmp_path) == identity
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert len(list(tmp_path.iterdir())) == 1


def test_nothing_written_is_none(tmp_path: Path) -> None:
    assert read_identity(tmp_path) is None
    assert not holds_replica(tmp_path)


@pytest.mark.parametrize("place", [0, 12, 60, -3])
def test_a_flipped_bit_is_named(tmp_path: Path, place: int) -> None:
    write_identity(tmp_path, new_identity(made_for="c-1", joined=False))
    path = tmp_path / FILE_NAME
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(OperationError, match=r"identity\.json cannot be read .* members remove"):
        read_identity(tmp_path)


def lose_log(directory: Path) -> None:
    """Delete it, and the state."""
    shutil.rmtree(directory / "log")
    for path in directory.glob("*.db*"):
        path.unlink()


def test_it_is_drawn_once_for_a_directory(tmp_path: Path) -> None:
    first = made(tmp_path / "1")
    assert made(tmp_path / "1") == first
    assert made(tmp_path / "2").incarnation != first.incarnation
    assert holds_replica(tmp_path / "1")


@pytest.mark.parametrize("first", [ABC, Configuration()])
def test_without_the_log_it_is_another_disk(tmp_path: Path, first: Configuration) -> None:
    """Whatever else was left in the directory."""
    identity = made(tmp_path, first)
    lose_log(tmp_path)
    again = made(tmp_path, first)
    assert again.incarnation != identity.incarnation
    assert again.joined == identity.joined == (first == Configuration())


def test_a_newcomer_stays_one_though_it_is_told_nothing(tmp_path: Path) -> None:
    """It must not begin a group of its own when its log was deleted."""
    made(tmp_path, Configuration(), "west-1")
    lose_log(tmp_path)
    alone = configuration_of({"a": AT})
    opened = open_replica(settings(tmp_path, alone, "parkledger-1"))
    assert opened.settings.cluster_id == "west-1"
    assert opened.raft.configuration == Configuration()
    opened.state_machine.close()
    opened.storage.close()


def test_a_directory_of_an_earlier_version_gets_an_identity(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / FILE_NAME).unlink()
    assert has_log(tmp_path)
    identity = made(tmp_path)
    assert read_identity(tmp_path) == identity


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / f"{FILE_NAME}.new").mkdir()
    with pytest.raises(OperationError, match=r"data directory '.*' cannot be written"):
        made(tmp_path)


def test_only_members_are_remembered() -> None:
    nobody = new_identity(made_for="c-1", joined=False)
    assert after_hearing(nobody, "b", "one", uncommitted(ABC)).met == {"b": "one"}
    assert after_hearing(nobody, "z", "one", committed(ABC)) is nobody
    assert after_hearing(nobody, "b", "", committed(ABC)) is nobody  # an earlier version


def test_the_first_one_stays_the_known_one() -> None:
    met = Identity("a", "c-1", False, {"b": "one"})
    assert after_hearing(met, "b", "two", committed(ABC)) is met
    assert known_incarnation(met, "b", Place(AT)) == "one"


def test_a_former_member_is_forgotten_once_that_is_committed() -> None:
    met = Identity("a", "c-1", False, {"b": "one", "c": "one"})
    assert after_hearing(met, "c", "one", uncommitted(AC)) is met
    assert after_hearing(met, "c", "one", committed(AC)).met == {"c": "one"}


def test_the_log_counts_more_than_what_was_met() -> None:
    met = Identity("a", "c-1", False, {"b": "one"})
    assert known_incarnation(met, "b", Place(AT, "two")) == "two"
    assert known_incarnation(met, "z", None) == ""


async def test_one_is_written_before_it_is_let_in(tmp_path: Path) -> None:
    known = acquaintances(tmp_path, committed(ABC))
    assert await known.admit("b", "one") == ""
    on_disk = read_identity(tmp_path)
    assert on_disk is not None
    assert on_disk.met == {"b": "one"}
    assert "lost its disk" in await known.admit("b", "two")
    assert "parkledger members remove b" in await known.admit("b", "two")


async def test_one_that_cannot_be_written_is_not_let_in(tmp_path: Path) -> None:
    known = acquaintances(tmp_path, committed(ABC))
    (tmp_path / f"{FILE_NAME}.new").mkdir()
    for _ in range(2):
        with pytest.raises(OSError, match="directory"):
            await known.admit("b", "one")


async def test_of_two_that_come_at_once_one_is_let_in(tmp_path: Path) -> None:
    known = acquaintances(tmp_path, committed(ABC))
    faults = await asyncio.gather(*(known.admit("b", name) for name in ("one", "two", "three")))
    assert sorted(bool(fault) for fault in faults) == [False, True, True]


async def test_one_that_becomes_a_member_while_it_speaks_is_remembered(tmp_path: Path) -> None:
    joined = with_learner(ABC, "d", Place(AT))
    known = acquaintances(
        tmp_path, committed(ABC), committed(ABC), committed(ABC), uncommitted(joined)
    )
    assert await known.admit("d", "one") == ""
    assert read_identity(tmp_path) is None
    await known.admit("d", "one")
    await known.admit("d", "one")
    assert "lost its disk" in await known.admit("d", "two")


async def test_the_one_that_was_added_is_the_one_that_is_let_in(tmp_path: Path) -> None:
    added = with_learner(ABC, "d", Place(AT, "one"))
    known = acquaintances(tmp_path, committed(added))
    assert "lost its disk" in await known.admit("d", "two")
    assert await known.admit("d", "one") == ""


async def test_one_that_was_taken_in_since_is_let_in_and_not_remembered(tmp_path: Path) -> None:
    """It may be the primary that is to bring us the log, where it stands that it may be."""
    known = acquaintances(tmp_path, committed(ABC, index=5))
    assert await known.admit("b", "one") == ""
    assert await known.admit("b", "two", known_since=6) == ""
    assert "lost its disk" in await known.admit("b", "two", known_since=5)
    assert await known.admit("b", "one") == ""


def test_the_file_can_be_read_by_a_person(tmp_path: Path) -> None:
    write_identity(tmp_path, Identity("ab", "c-1", False, {"b": "cd"}))
    _, _, body = (tmp_path / FILE_NAME).read_text().partition("\n")
    assert json.loads(body)["met"] == {"b": "cd"}


def test_places_keep_their_incarnations() -> None:
    joined = with_learner(ABC, "d", Place(Address("[::1]", 7001), "ab"))
    assert joined.context == b"a=h:1,b=h:1,c=h:1,d=[::1]:7001#ab"
    assert encode_places({"d": Place(Address("[::1]", 7001), "ab")}) in joined.context
