"""Evidence that has to last, and to be gone a while."""

from edge.persistence import Moment, Persistence


def at(seconds: float) -> Moment:
    return Moment(seconds, round(seconds * 1e6))


def test_a_condition_holds_after_its_time_and_since_its_first_evidence() -> None:
    found = Persistence(begin_after_s=10.0, end_after_s=2.0)
    assert not found.observe(present=True, at=at(100))
    assert not found.observe(present=True, at=at(109.9))
    assert found.observe(present=True, at=at(110))
    assert found.since_us == 100_000_000


def test_an_interruption_begins_the_wait_anew() -> None:
    found = Persistence(begin_after_s=10.0, end_after_s=2.0)
    found.observe(present=True, at=at(0))
    found.observe(present=False, at=at(9))
    found.observe(present=True, at=at(10))
    assert not found.observe(present=True, at=at(19))
    assert found.observe(present=True, at=at(20))


def test_it_ends_only_after_a_while_without() -> None:
    found = Persistence(begin_after_s=0.0, end_after_s=2.0)
    found.observe(present=True, at=at(0))
    assert found.observe(present=True, at=at(1))
    assert found.observe(present=False, at=at(2))
    assert found.observe(present=True, at=at(3))
    assert found.observe(present=False, at=at(4))
    assert not found.observe(present=False, at=at(6))


def test_what_does_not_tell_changes_nothing() -> None:
    found = Persistence(begin_after_s=5.0, end_after_s=2.0)
    found.observe(present=True, at=at(0))
    assert not found.observe(present=None, at=at(50))
    assert found.observe(present=True, at=at(60))
    assert found.observe(present=None, at=at(70))


def test_one_piece_of_evidence_is_never_enough() -> None:
    found = Persistence(begin_after_s=0.0, end_after_s=0.0)
    assert not found.observe(present=True, at=at(0))
    assert found.observe(present=True, at=at(60))
