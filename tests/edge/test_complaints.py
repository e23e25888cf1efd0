from edge.complaints import Complaints


def test_the_same_trouble_is_said_once_until_the_reminder() -> None:
    complaints = Complaints(reminder_s=60.0)
    said = [complaints.is_news("a", "gone", now=float(now)) for now in range(0, 121, 20)]
    assert said == [True, False, False, True, False, False, True]


def test_one_trouble_that_looks_now_so_now_so_is_said_in_each_way_once() -> None:
    complaints = Complaints(reminder_s=60.0)
    ways = ["no processor", "ended at once"] * 3
    said = [complaints.is_news("a", text, now=float(at)) for at, text in enumerate(ways)]
    assert said == [True, True, False, False, False, False]
    # What is never the same twice is not remembered for ever.
    assert all(complaints.is_news("a", f"port {number}", now=6.0) for number in range(9))
    assert complaints.is_news("a", "no processor", now=6.0)


def test_another_trouble_another_subject_and_a_settled_one_are_news() -> None:
    complaints = Complaints()
    assert complaints.is_news("a", "gone", now=0.0)
    assert complaints.is_news("a", "slow", now=0.0)
    assert complaints.is_news("b", "slow", now=0.0)
    complaints.settle("a")
    assert complaints.is_news("a", "slow", now=0.0)
    assert not complaints.is_news("b", "slow", now=0.0)
