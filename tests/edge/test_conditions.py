"""Detectors' words, put together."""

from edge.conditions import Condition, Conditions, Report


def test_a_boot_begins_well() -> None:
    assert Conditions(now_us=7).report == Report(Condition.OK, 7, "", 1)


def test_a_condition_begins_once_and_ends_by_itself() -> None:
    conditions = Conditions(now_us=0)
    assert conditions.begin(Condition.FROZEN, since_us=5, detail="for 60 s")
    assert conditions.report == Report(Condition.FROZEN, 5, "for 60 s", 2)
    assert not conditions.begin(Condition.FROZEN, since_us=9, detail="for 60 s")
    assert conditions.end(Condition.FROZEN, at_us=20)
    assert conditions.report == Report(Condition.OK, 20, "", 3)
    assert not conditions.end(Condition.FROZEN, at_us=21)


def test_the_gravest_is_said_and_the_next_one_when_that_ends() -> None:
    conditions = Conditions(now_us=0)
    conditions.begin(Condition.NUDGED, since_us=1, detail="12 px")
    assert conditions.begin(Condition.LOST, since_us=2, detail="gone")
    assert not conditions.begin(Condition.BLURRED, since_us=3, detail="soft")
    assert conditions.report.condition is Condition.LOST
    assert not conditions.end(Condition.BLURRED, at_us=4)
    assert conditions.end(Condition.LOST, at_us=5)
    assert conditions.report == Report(Condition.NUDGED, 1, "12 px", 4)


def test_a_new_detail_is_news_and_the_beginning_stays() -> None:
    conditions = Conditions(now_us=0)
    conditions.begin(Condition.NUDGED, since_us=1, detail="12 px")
    assert conditions.begin(Condition.NUDGED, since_us=8, detail="40 px")
    assert conditions.report == Report(Condition.NUDGED, 1, "40 px", 3)
