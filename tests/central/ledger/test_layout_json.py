"""Layouts in log entries and in the state: what was there before reads and writes the same."""

import json
from dataclasses import replace

from hypothesis import given

from central.layout.document import Layout, Mask, Spot, Zone
from central.ledger.layout_json import layout_from_json, layout_to_json
from central.ledger.wire import layout_from_proto, layout_to_proto
from tests.central.layout.layouts import layouts, quick
from tests.central.ledger.samples import layout


@quick
@given(layouts())
def test_every_layout_comes_back_from_the_log_and_from_the_wire(document: Layout) -> None:
    assert layout_from_json(json.loads(json.dumps(layout_to_json(document)))) == document
    assert layout_from_proto(layout_to_proto(document)) == document


def test_a_layout_of_before_is_the_same_bytes_as_then() -> None:
    # Else a replica that applies an old entry again would come to another head of the chain.
    written = layout_to_json(layout())
    assert written["zones"] == [["row-a", "Row A"]]
    assert written["spots"] == [["A1", "row-a"], ["A2", ""]]
    assert [len(camera) for camera in written["cameras"]] == [3, 3]


def test_what_a_layout_uses_is_written() -> None:
    camera = replace(
        layout().cameras[0], masks=(Mask(((0, 0), (9, 0), (0, 9))),), reference=b"\0\xff"
    )
    document = replace(
        layout(),
        zones=(Zone("row-a", "Row A", 3600),),
        spots=(Spot("A1", "row-a", -1.25, 8.0), Spot("A2")),
        cameras=(camera,),
    )
    written = layout_to_json(document)
    assert written["zones"] == [["row-a", "Row A", 3600]]
    assert written["spots"][0] == ["A1", "row-a", "-1.25", "8.0"]
    assert written["cameras"][0][3:] == [[[[0, 0], [9, 0], [0, 9]]], "AP8="]
    assert layout_from_json(written) == document
