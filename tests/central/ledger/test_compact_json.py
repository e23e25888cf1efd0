"""Whatever writes an entry or a link, it is the same bytes: replicas compare their digests."""

from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ledger import compact_json

pytest.importorskip("orjson", reason="without it there is nothing to compare")

values = st.recursive(
    st.text() | st.integers(-(1 << 63), (1 << 64) - 1) | st.booleans() | st.none(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
)


class Kind(IntEnum):
    ONE = 1


@given(values)
def test_the_same_bytes_whoever_makes_them(value: object) -> None:
    data = compact_json.dumps(value)
    assert data == compact_json.plain_dumps(value)
    assert compact_json.loads(data) == compact_json.plain_loads(data)


@pytest.mark.parametrize(
    "value",
    [
        "".join(map(chr, range(256))),
        "\u2028\u2029\ufeff\U0001f17f",
        [Kind.ONE, True, None, ()],
        [1 << 64, -(1 << 70)],
    ],
)
def test_what_is_written_in_more_than_one_way_elsewhere(value: object) -> None:
    assert compact_json.dumps(value) == compact_json.plain_dumps(value)


def test_half_a_character_is_refused_by_both() -> None:
    for dumps in (compact_json.dumps, compact_json.plain_dumps):
        with pytest.raises(ValueError, match="surrogates not allowed"):
            dumps("\ud800")
    assert compact_json.loads(b'"\\ud800"') == compact_json.plain_loads(b'"\\ud800"')


def test_what_is_no_json_is_a_value_error() -> None:
    for loads in (compact_json.loads, compact_json.plain_loads):
        with pytest.raises(ValueError, match="line 1 column"):
            loads(b"[1,")
