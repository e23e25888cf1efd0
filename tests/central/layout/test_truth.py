"""The truth's JSON is what other parts read."""

import json

from central.layout.truth import Truth, format_truth


def test_the_truth_is_written_as_states_from_seconds() -> None:
    truth = Truth(
        lot_id="north",
        duration_s=60.0,
        spots={"A01": ((0.0, False), (12.4, True)), "A02": ((0.0, True),)},
        left_out=(),
        held=0,
    )
    text = format_truth(truth)
    assert json.loads(text) == {
        "lot": "north",
        "duration_s": 60.0,
        "spots": {"A01": [[0.0, "vacant"], [12.4, "occupied"]], "A02": [[0.0, "occupied"]]},
    }
    assert '    "A01": [[0.0, "vacant"], [12.4, "occupied"]],' in text.splitlines()
