"""How old a view is: known from what was read, never believed."""

from central.web.freshness import Freshness


def test_nothing_is_known_before_the_first_read() -> None:
    mark = Freshness().mark(5, now=100.0, limit_s=10)
    assert (mark.age_us, mark.stale) == (None, True)


def test_a_view_is_as_fresh_as_the_read_that_it_has_reached() -> None:
    freshness = Freshness()
    freshness.confirm(asked=100.0, index=7, applied=7)
    mark = freshness.mark(7, now=102.0, limit_s=10)
    assert (mark.age_us, mark.stale) == (2_000_000, False)
    assert freshness.mark(7, now=111.0, limit_s=10).stale


def test_a_view_that_lags_is_no_fresher_until_it_has_caught_up() -> None:
    freshness = Freshness()
    freshness.confirm(asked=100.0, index=7, applied=7)
    freshness.confirm(asked=105.0, index=9, applied=8)
    assert freshness.age_us(106.0) == 6_000_000
    freshness.advance(9)
    assert freshness.age_us(106.0) == 1_000_000


def test_an_older_read_does_not_make_it_older() -> None:
    freshness = Freshness()
    freshness.confirm(asked=105.0, index=7, applied=7)
    freshness.confirm(asked=100.0, index=7, applied=7)
    assert freshness.age_us(106.0) == 1_000_000
