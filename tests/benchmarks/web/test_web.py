"""What the benchmark of the web counts: it must not count wrongly itself."""

from typing import Any

import pytest

from benchmarks.web.cameras import SPOTS_A_CAMERA, layout
from benchmarks.web.cli import Load, Measured, percentile, rows
from benchmarks.web.listeners import Listener
from central.layout.validate import check_layout

STREAM = b"".join(
    [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n50\r\n",
        b"retry: 1000\n\nevent: hello\nid: 3\ndata: {}\n\n\r\n1f\r\n",
        b"\nevent: change\nid: 4\ndata: {}\n\n\nevent: change\nid: 5\ndata: {}\n\n",
        b"\nevent: progress\nid: 5\ndata: {}\n\n\nevent: change\nid: 6\ndata: {}\n\n",
        b"\nevent: resync\nid: 9\ndata: {}\n\n",
    ]
)


@pytest.mark.parametrize("piece", [1, 2, 7, 13, 14, 15, 64, 1000])
async def test_changes_are_counted_once_however_the_stream_is_cut(piece: int) -> None:
    listener = Listener("/x", timed=False)
    for start in range(0, len(STREAM), piece):
        listener.data_received(STREAM[start : start + piece])
    assert (listener.changes, listener.resyncs) == (3, 1)


def test_the_lot_is_one_that_the_ledger_takes() -> None:
    lot = layout(20)
    check_layout(lot, source="bench")
    assert len(lot.spots) == 20 * SPOTS_A_CAMERA


def measured(**heard: Any) -> Measured:
    found = {"connected": 10, "lost": 0, "resyncs": 0, "fewest_changes": 8, "delays_ms": [1.0]}
    served = {"seconds": 2.0, "latencies_ms": [float(number) for number in range(1000)]}
    return Measured(found | heard, served, 8, 1.0, 100.0, 110.0)


def test_goals_are_met_or_missed() -> None:
    load = Load(listeners=10, rate=500.0, seconds=2.0, cameras=2, changes=4.0)
    by_name = {row.name: row for row in rows(load, measured())}
    assert by_name["requests answered"].met is True
    assert by_name["latency from when it was due, p99"].met is False
    assert by_name["changes missed by the listener that heard fewest"].met is True
    for bad in ({"fewest_changes": 7}, {"lost": 1}, {"resyncs": 1}):
        again = {row.name: row for row in rows(load, measured(**bad))}
        assert again["changes missed by the listener that heard fewest"].met is False


def test_percentiles() -> None:
    assert percentile([], 0.5) is None
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == 3.0
    assert percentile([1.0, 2.0], 0.99) == 2.0
