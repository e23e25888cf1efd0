from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ledger.log.format import (
    decode_configuration,
    decode_entries,
    decode_hard_state,
    decode_identity,
    decode_index,
    decode_received,
    decode_restore,
    decode_snapshot,
    encode_configuration,
    encode_entries,
    encode_hard_state,
    encode_identity,
    encode_index,
    encode_received,
    encode_restore,
    encode_snapshot,
)
from central.raft import Configuration, Entry, HardState, Piece, Restore, Snapshot

NAMES = st.frozensets(st.text(max_size=6), max_size=4)
CONFIGURATIONS = st.builds(Configuration, NAMES, NAMES, st.binary(max_size=9), NAMES)
NUMBERS = st.integers(0, (1 << 64) - 1)
SNAPSHOTS = st.builds(Snapshot, NUMBERS, NUMBERS, CONFIGURATIONS)
IDENTITIES = st.binary(min_size=32, max_size=32)
PIECES = st.builds(Piece, SNAPSHOTS, IDENTITIES, NUMBERS, NUMBERS, st.just(b""))


@given(CONFIGURATIONS)
def test_a_configuration_comes_back(configuration: Configuration) -> None:
    assert decode_configuration(encode_configuration(configuration)) == configuration


def test_the_format_stays_as_it_is() -> None:
    configuration = Configuration(frozenset({"b", "a"}), frozenset({"ü"}), b"\0x")
    assert encode_configuration(configuration).hex() == (
        "01000200016100016200010002c3bc000000020078"
    )
    staying = Configuration(frozenset("a"), frozenset("b"), b"", frozenset("b"))
    assert encode_configuration(staying).hex() == "0200010001610001000162000000000001000162"
    assert encode_entries([Entry(5, 3, b"hi")]).hex() == "0000000000000003000000026869"
    assert encode_hard_state(HardState(2, "a")).hex() == "0000000000000002000161"


@given(SNAPSHOTS, st.none() | PIECES, IDENTITIES, NUMBERS, st.none() | st.text(max_size=5))
def test_the_records_come_back(
    snapshot: Snapshot, piece: Piece | None, identity: bytes, number: int, vote: str | None
) -> None:
    assert decode_snapshot(encode_snapshot(snapshot)) == snapshot
    assert decode_received(encode_received(piece)) == piece
    assert decode_received(encode_received(None)) is None
    assert decode_restore(encode_restore(Restore(snapshot, identity))) == Restore(
        snapshot, identity
    )
    assert decode_restore(encode_restore(None)) is None
    assert decode_hard_state(encode_hard_state(HardState(number, vote))) == HardState(number, vote)
    assert decode_index(encode_index(number)) == number
    assert decode_identity(encode_identity(vote or "", "b")) == (vote or "", "b")


@given(st.lists(st.binary(max_size=5) | CONFIGURATIONS, max_size=6))
def test_entries_come_back(contents: list[bytes | Configuration]) -> None:
    entries = [
        Entry(index, 4, each) if isinstance(each, bytes) else Entry(index, 4, configuration=each)
        for index, each in enumerate(contents, start=7)
    ]
    assert list(decode_entries(7, encode_entries(entries))) == entries


@pytest.mark.parametrize(
    ("decode", "data"),
    [
        (decode_configuration, encode_configuration(Configuration(frozenset("abc")))),
        (decode_snapshot, encode_snapshot(Snapshot(1, 2))),
        (decode_received, encode_received(Piece(Snapshot(), bytes(32), 5, 0, b"12345"))),
        (decode_restore, encode_restore(Restore(Snapshot(), bytes(32)))),
        (decode_hard_state, encode_hard_state(HardState(1, "a"))),
        (decode_index, encode_index(5)),
        (decode_identity, encode_identity("cluster", "replica")),
    ],
)
def test_what_is_cut_or_too_long_is_refused(decode: Callable[[bytes], object], data: bytes) -> None:
    decode(data)
    for wrong in (data[:-1], data + b"\0"):
        with pytest.raises(ValueError, match=r"cut short|longer than it says"):
            decode(wrong)


def test_a_later_format_of_a_configuration_is_refused() -> None:
    with pytest.raises(ValueError, match="format 3: upgrade"):
        decode_configuration(b"\3" + encode_configuration(Configuration())[1:])
