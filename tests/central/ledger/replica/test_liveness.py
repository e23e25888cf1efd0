from central.ledger.records import NodeKind, NodeReport
from central.ledger.replica.liveness import MAX_NODES, Liveness


def report(node_id: str, kind: NodeKind = NodeKind.CAMERA) -> NodeReport:
    return NodeReport(node_id=node_id, kind=kind, boot_id="b", reported_by="p")


def test_a_node_is_alive_for_the_time_out_after_its_last_report() -> None:
    liveness = Liveness(since=0.0, time_out=10.0)
    liveness.report([report("cam")], now=5.0)
    (at_15,) = liveness.nodes(now=15.0)
    (at_16,) = liveness.nodes(now=16.0)
    assert (at_15.alive, at_15.age_us) == (True, 10_000_000)
    assert not at_16.alive


def test_a_camera_that_nobody_vouched_for_is_silent_since_the_primary_began() -> None:
    liveness = Liveness(since=100.0, time_out=10.0)
    liveness.report([report("a")], now=108.0)
    assert liveness.silent_cameras(["a", "b"], now=109.0) == []
    assert liveness.silent_cameras(["a", "b"], now=111.0) == ["b"]
    assert liveness.silent_cameras(["a", "b"], now=119.0) == ["a", "b"]


def test_a_processor_of_the_same_name_vouches_for_no_camera() -> None:
    liveness = Liveness(since=0.0, time_out=10.0)
    liveness.report([report("x", NodeKind.PROCESSOR)], now=11.0)
    assert liveness.silent_cameras(["x"], now=11.0) == ["x"]


def test_the_longest_silent_node_is_forgotten_when_there_are_too_many() -> None:
    liveness = Liveness(since=0.0, time_out=10.0)
    liveness.report((report(f"n{number}") for number in range(MAX_NODES)), now=1.0)
    liveness.report([report("n0")], now=2.0)
    liveness.report([report("new")], now=3.0)
    names = {node.report.node_id for node in liveness.nodes(now=3.0)}
    assert len(names) == MAX_NODES
    assert "n0" in names
    assert "n1" not in names
