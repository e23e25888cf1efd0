"""The offer of a lane, as metadata and back."""

import pytest

from central.ledger.wire.lanes import LANE_METADATA, Offer, offer_of


def test_an_offer_is_read_as_it_was_made() -> None:
    offer = Offer(7_005, "c0ffee")
    assert offer_of((("another", "1"), offer.metadata)) == offer


@pytest.mark.parametrize(
    "value", ["", "7005", "7005 ", " c0ffee", "-1 c0ffee", "0 c0ffee", "65536 c0ffee", b"7005 c0"]
)
def test_what_is_no_offer_is_none(value: str | bytes) -> None:
    assert offer_of(((LANE_METADATA, value),)) is None
    assert offer_of(None) is None
