from edge.handoff import Handoff


def test_the_newest_replaces_and_the_replaced_are_counted_once() -> None:
    handoff: Handoff[str] = Handoff()
    for item in ("a", "b", "c"):
        handoff.put(item)
    assert handoff.take() == ("c", 2)
    assert handoff.take() == (None, 0)
    handoff.put("d")
    assert handoff.take() == ("d", 0)
