"""The truth of a clip: read, asked, compared."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.demo.truth import Agreement, Span, Truth, compare, parse_truth, read_truth
from central.ledger.records import Occupancy
from node.errors import UsageError
from tests.central.operator.scripted_ledger import spot

VACANT, OCCUPIED, UNKNOWN = Occupancy.VACANT, Occupancy.OCCUPIED, Occupancy.UNKNOWN


def document(**spots: object) -> str:
    return json.dumps({"lot": "north", "duration_s": 60.0, "spots": spots})


def truth(**spots: object) -> Truth:
    return parse_truth(document(**spots), file="t.json")


def test_a_state_holds_from_its_second_on() -> None:
    found = truth(A1=[[0.0, "vacant"], [12.4, "occupied"], [20, "vacant"]])
    assert found.at("A1", -1) is VACANT
    assert found.at("A1", 12.39) is VACANT
    assert found.at("A1", 12.4) is OCCUPIED
    assert found.at("A1", 1e9) is VACANT
    assert found.at("A2", 5) is None


@given(
    times=st.lists(st.floats(0.001, 100), unique=True, max_size=8),
    position=st.floats(-10, 200),
)
def test_at_equals_a_walk_from_the_start(times: list[float], position: float) -> None:
    states = [(0.0, VACANT)]
    for index, time in enumerate(sorted(times)):
        states.append((time, OCCUPIED if index % 2 == 0 else VACANT))
    found = Truth("north", 100.0, {"A1": tuple(Span(at, state) for at, state in states)})
    walked = VACANT
    for at, state in states:
        if at <= position:
            walked = state
    assert found.at("A1", position) is walked


def test_each_spot_is_compared_where_its_deciding_camera_looked_last() -> None:
    found = truth(
        A1=[[0.0, "vacant"], [10.0, "occupied"]],
        A2=[[0.0, "vacant"], [10.0, "occupied"]],
        A3=[[0.0, "vacant"]],
    )
    spots = [spot("A1", OCCUPIED, "east"), spot("A2", VACANT, "west"), spot("A3", UNKNOWN, "")]
    agreement = compare(found, spots, {"east": 10.0, "west": 9.9}, fallback_s=10.0)
    assert agreement == Agreement(compared=3, differing=("A3",))
    assert agreement.share == pytest.approx(2 / 3)


def test_spots_without_truth_are_left_out() -> None:
    agreement = compare(truth(A1=[[0.0, "vacant"]]), [spot("B9", VACANT)], {}, fallback_s=0.0)
    assert agreement.share is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "t.json: is not valid JSON"),
        ("[]", "t.json: needs an object"),
        ('{"lot": "n", "duration_s": 1}', "t.json: needs an object"),
        ('{"lot": 3, "duration_s": 1, "spots": {"A": [[0, "vacant"]]}}', "lot: is 3"),
        ('{"lot": "n", "duration_s": 0, "spots": {"A": [[0, "vacant"]]}}', "duration_s: is 0"),
        ('{"lot": "n", "duration_s": NaN, "spots": {"A": [[0, "vacant"]]}}', "duration_s: is NaN"),
        ('{"lot": "n", "duration_s": true, "spots": {}}', "duration_s: is true"),
        (document(), "spots: is empty"),
        (document(A=[]), "spots.A: give a list"),
        (document(A=[[0.0]]), r"spots.A[0]: is [0.0]"),
        (document(A=[["0", "vacant"]]), "spots.A[0]: is"),
        (document(A=[[0, "free"]]), 'spots.A[0]: is "free"; give occupied or vacant'),
        (document(A=[[0, ["vacant"]]]), "spots.A[0]: is"),
        (document(A=[[1.0, "vacant"]]), "spots.A[0]: starts at 1.0 s"),
        (document(A=[[0, "vacant"], [5, "occupied"], [5, "vacant"]]), "spots.A[2]: 5 s is not"),
    ],
)
def test_faults_name_file_and_key(text: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_truth(text, file="t.json")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_and_one_of_bytes(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_truth(tmp_path / "none.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_truth(tmp_path / "bytes.json")
