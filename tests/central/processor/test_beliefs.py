"""The queue towards the ledger: newest belief a spot, oldest frame first, nothing twice."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from central.ledger.records import (
    CameraCondition,
    CameraReport,
    Detection,
    DetectionBatch,
    IdempotencyKey,
    Occupancy,
)
from central.processor.beliefs import Beliefs

OCCUPIED, VACANT, UNKNOWN = Occupancy.OCCUPIED, Occupancy.VACANT, Occupancy.UNKNOWN
SPOTS = ("a", "b", "c")


def batch(sequence: int, **spots: Occupancy) -> DetectionBatch:
    return DetectionBatch(
        key=IdempotencyKey("cam", "boot", sequence),
        captured_at_us=sequence,
        layout_version=1,
        model="m",
        detections=tuple(Detection(spot, occupancy, 9000) for spot, occupancy in spots.items()),
    )


def report(sequence: int, condition: CameraCondition, detail: str = "") -> DetectionBatch:
    """A batch that speaks of the camera alone."""
    return replace(batch(sequence), camera=CameraReport(condition, sequence, detail))


def test_a_report_waits_like_a_spot_and_only_the_newest_leaves() -> None:
    beliefs = Beliefs({})
    beliefs.add(report(1, CameraCondition.FROZEN))
    beliefs.add(batch(2, a=VACANT))
    beliefs.add(report(3, CameraCondition.DARK))
    assert beliefs.report == CameraReport(CameraCondition.DARK, 3)
    assert beliefs.take() == batch(2, a=VACANT)
    beliefs.committed(1)
    assert beliefs.take() == report(3, CameraCondition.DARK)
    assert beliefs.report == CameraReport(CameraCondition.DARK, 3)
    beliefs.committed(2)
    assert beliefs.settled
    beliefs.add(report(4, CameraCondition.DARK))
    assert beliefs.take() is None, "it says the same"
    beliefs.add(report(5, CameraCondition.DARK, "darker"))
    assert beliefs.take() == report(5, CameraCondition.DARK, "darker")


def test_a_report_and_its_frames_detections_leave_together() -> None:
    beliefs = Beliefs({}, camera=CameraReport(CameraCondition.FROZEN, 0))
    both = replace(batch(1, a=OCCUPIED), camera=CameraReport(CameraCondition.OK, 1))
    beliefs.add(both)
    assert beliefs.take() == both


def test_the_ledgers_word_of_the_camera_replaces_what_was_thought_committed() -> None:
    beliefs = Beliefs({}, camera=CameraReport(CameraCondition.OK, 0))
    assert beliefs.reconcile({}, camera=CameraReport(CameraCondition.SILENT, 9), index=1) == ()
    beliefs.add(report(2, CameraCondition.OK))
    assert beliefs.take() == report(2, CameraCondition.OK)


def test_one_batch_at_a_time_and_none_twice() -> None:
    beliefs = Beliefs({})
    beliefs.add(batch(1, a=OCCUPIED, b=VACANT))
    assert beliefs.take() == batch(1, a=OCCUPIED, b=VACANT)
    beliefs.add(batch(2, c=VACANT))
    assert beliefs.take() is None, "one is under way"
    beliefs.committed(10)
    assert beliefs.take() == batch(2, c=VACANT)
    beliefs.committed(11)
    assert beliefs.take() is None
    assert beliefs.settled


def test_there_and_back_while_the_ledger_is_away_costs_nothing() -> None:
    beliefs = Beliefs({"a": VACANT})
    beliefs.add(batch(1, b=OCCUPIED))
    beliefs.take()  # stuck: the ledger is away
    for sequence in range(2, 100, 2):
        beliefs.add(batch(sequence, a=OCCUPIED))
        beliefs.add(batch(sequence + 1, a=VACANT))
    beliefs.committed(5)
    assert beliefs.take() is None


def test_what_waits_keeps_the_frame_that_decided_it() -> None:
    beliefs = Beliefs({})
    beliefs.add(batch(1, a=OCCUPIED, b=OCCUPIED))
    beliefs.add(batch(2, b=VACANT))
    beliefs.add(batch(3, c=OCCUPIED))
    taken = []
    while (one := beliefs.take()) is not None:
        taken.append(one)
        beliefs.committed(len(taken))
    assert taken == [batch(1, a=OCCUPIED), batch(2, b=VACANT), batch(3, c=OCCUPIED)]


def test_the_ledgers_word_replaces_what_was_thought_committed() -> None:
    beliefs = Beliefs({"a": OCCUPIED, "b": VACANT})
    assert beliefs.reconcile({"a": UNKNOWN, "b": VACANT}, index=7) == ("a",)
    beliefs.add(batch(5, a=OCCUPIED))
    assert beliefs.take() == batch(5, a=OCCUPIED)


def test_the_ledgers_word_voids_what_waits_for_that_spot_only() -> None:
    beliefs = Beliefs({"a": OCCUPIED, "b": OCCUPIED})
    beliefs.add(batch(5, a=VACANT, b=VACANT))
    assert beliefs.reconcile({"a": UNKNOWN, "b": OCCUPIED}, index=7) == ("a",)
    assert beliefs.take() == batch(5, b=VACANT)


def test_an_answer_that_may_miss_what_was_sent_is_not_taken() -> None:
    beliefs = Beliefs({"a": VACANT})
    beliefs.add(batch(1, a=OCCUPIED))
    beliefs.take()
    assert beliefs.reconcile({"a": VACANT}, index=9) is None, "under way"
    beliefs.committed(10)
    assert beliefs.reconcile({"a": VACANT}, index=9) is None, "older than the commit"
    assert beliefs.reconcile({"a": OCCUPIED}, index=10) == ()


def test_a_refused_batch_is_not_sent_again() -> None:
    beliefs = Beliefs({"a": VACANT})
    beliefs.add(batch(1, a=OCCUPIED))
    beliefs.take()
    beliefs.refused(4)
    assert beliefs.take() is None
    assert beliefs.expects("a", VACANT)
    assert not beliefs.expects("a", OCCUPIED)


def test_new_regions_void_what_waits() -> None:
    beliefs = Beliefs({"a": VACANT})
    beliefs.add(batch(1, a=OCCUPIED))
    beliefs.begin_again({"a": VACANT, "b": UNKNOWN})
    assert beliefs.take() is None


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from(SPOTS), st.sampled_from(tuple(Occupancy))),
        st.tuples(st.just("send"), st.just(""), st.just(UNKNOWN)),
        st.tuples(st.just("answer"), st.just(""), st.just(UNKNOWN)),
    ),
    max_size=60,
)


@given(steps)
def test_the_ledger_ends_with_the_newest_belief(
    taken_steps: list[tuple[str, str, Occupancy]],
) -> None:
    beliefs = Beliefs(dict.fromkeys(SPOTS, UNKNOWN))
    ledger = dict.fromkeys(SPOTS, UNKNOWN)
    believed = dict(ledger)
    in_flight: DetectionBatch | None = None
    last_key, index = 0, 0

    def answer() -> None:
        nonlocal in_flight, index
        if in_flight is not None:
            for detection in in_flight.detections:
                assert ledger[detection.spot_id] is not detection.occupancy, "sent for nothing"
                ledger[detection.spot_id] = detection.occupancy
            index += 1
            beliefs.committed(index)
            in_flight = None

    for sequence, (what, spot, occupancy) in enumerate(taken_steps, start=1):
        if what == "add" and occupancy is not believed[spot]:
            believed[spot] = occupancy
            beliefs.add(batch(sequence, **{spot: occupancy}))
        elif what == "send" and in_flight is None and (in_flight := beliefs.take()):
            assert in_flight.key.sequence > last_key, "a ledger would take it for a duplicate"
            last_key = in_flight.key.sequence
        elif what == "answer":
            answer()
    answer()
    while (in_flight := beliefs.take()) is not None:
        answer()
    assert ledger == believed
