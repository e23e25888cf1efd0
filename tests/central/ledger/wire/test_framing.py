"""Messages cut from what TCP delivers, however it delivers it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ledger.wire.framing import MAX_FRAME_BYTES, Frames, frame


@given(st.lists(st.binary(max_size=40), max_size=6), st.lists(st.integers(1, 30), max_size=20))
def test_whatever_the_pieces_the_messages_are_those_that_were_sent(
    messages: list[bytes], sizes: list[int]
) -> None:
    stream = b"".join(frame(message) for message in messages)
    frames, found = Frames(), []
    for size in [*sizes, len(stream)]:
        found += frames.feed(stream[:size])
        stream = stream[size:]
    assert found == messages


def test_a_message_that_is_too_long_is_refused_before_it_is_here() -> None:
    with pytest.raises(ValueError, match="a message of 16777217 bytes, the most is 16777216"):
        Frames().feed((MAX_FRAME_BYTES + 1).to_bytes(4, "big"))
