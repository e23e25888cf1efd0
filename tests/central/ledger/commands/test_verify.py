"""`parkledger verify`, but for `--ledger`, which runs with real replicas in tests/e2e."""

import json
from pathlib import Path

import pytest

from central.ledger.proof import proof_to_json
from tests.central.ledger.books import book_of, tamper
from tests.command_line import Runner

HEAD = "ab" * 32


@pytest.fixture
def parkledger(capsys: pytest.CaptureFixture[str]) -> Runner:
    return Runner(capsys)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    book_of(tmp_path / "data", changes=5).close()
    return tmp_path / "data"


@pytest.fixture
def proof(data: Path) -> Path:
    """Of index 3, against the head at 6."""
    book = book_of(data.with_name("other"), changes=5)
    found = book.queries.proof(3, 0, replica_id="a")
    assert found is not None
    book.close()
    file = data.with_name("entry.json")
    file.write_text(proof_to_json(found))
    return file


def test_a_directory_and_its_head(parkledger: Runner, data: Path) -> None:
    ended = parkledger("verify", "--data", data)
    assert ended.code == 0
    assert ended.out[0] == f"{data}: index 1 to 6 fits, 5 changes of occupancy"
    head = ended.out[-1].removeprefix("head ")
    assert parkledger("verify", "--data", data, "--against", head).code == 0
    again = parkledger("verify", "--data", data, "--against", f"6:{HEAD}")
    assert again.code == 1
    assert "index 6 does not fit: the head given with --against" in again.err


def test_what_does_not_fit_is_one_line(parkledger: Runner, data: Path) -> None:
    tamper(data / "state.db", "DELETE FROM history WHERE applied_index = 4")
    ended = parkledger("verify", "--data", data)
    assert (ended.code, ended.out) == (1, [])
    assert "index 4 does not fit" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_proof_needs_no_ledger(parkledger: Runner, proof: Path) -> None:
    ended = parkledger("verify", "--proof", proof)
    assert ended.code == 0
    assert ended.out[0].startswith(f'{proof}: index 3 fits: [[[0,"north","A1"')
    assert "compare this head with one that you trust" in ended.out[2]
    head = ended.out[1].removeprefix("head ")
    ended = parkledger("verify", "--proof", proof, "--against", head)
    assert (ended.code, len(ended.out)) == (0, 2)


def test_a_proof_that_proves_nothing(parkledger: Runner, proof: Path) -> None:
    ended = parkledger("verify", "--proof", proof, "--against", f"6:{HEAD}")
    assert ended.code == 1
    assert f"not 6:{HEAD}" in ended.err
    ended = parkledger("verify", "--proof", proof, "--against", f"5:{HEAD}")
    assert ended.code == 2
    assert "get one with 'parkledger history --proof 3 --proof-at 5'" in ended.err

    value = json.loads(proof.read_text())
    for key, wrong, code, line in (
        ("rows", value["rows"].replace("near", "farr"), 1, "index 3 does not fit the head 6:"),
        ("head", HEAD, 1, "index 3 does not fit the head 6:"),
        ("term", 9, 1, "does not fit"),
        ("format", 9, 2, "is of format 9, this program knows 1"),
        ("path", "x", 2, "is no proof"),
    ):
        proof.write_text(json.dumps({**value, key: wrong}))
        ended = parkledger("verify", "--proof", proof)
        assert (ended.code, ended.out) == (code, [])
        assert line in ended.err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "Give one of --data, --ledger and --proof"),
        (["--data", "x", "--proof", "y"], "Give one of"),
        (["--data", "/nowhere"], "give a replica's data directory, or"),
        (["--proof", "/nowhere"], "--proof /nowhere cannot be read"),
        (["--data", "x", "--against", "7"], "head '7': write INDEX:HEAD"),
        (["--data", "x", "--against", "0:" + HEAD], "write INDEX:HEAD"),
        (["--data", "x", "--against", "1:abcd"], "write INDEX:HEAD"),
        (["--ledger", "nowhere"], "address 'nowhere'"),
    ],
)
def test_wrong_values(parkledger: Runner, arguments: list[str], line: str) -> None:
    ended = parkledger("verify", *arguments)
    assert (ended.code, ended.out) == (2, [])
    assert line in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_ledger_that_is_away_is_one_line(parkledger: Runner) -> None:
    ended = parkledger("verify", "--ledger", "127.0.0.1:1", "--timeout", "0.3")
    assert ended.code == 1
    assert "replica at 127.0.0.1:1 does not answer" in ended.err
    assert len(ended.err.splitlines()) == 1
