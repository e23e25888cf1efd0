"""Who is vouched for: a fail-over and a silent ledger change nothing, a stop of everything does."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from central.ledger.records import (
    CameraChange,
    CameraCondition,
    CameraReport,
    CameraState,
    NodeKind,
    NodeReport,
    NodeStatus,
)
from central.web.settings import WebSettings
from central.web.vouching import DOUBT, VOUCHED_S, Vouching, doubted, is_believed
from tests.central.ledger.cluster import Cluster
from tests.central.ledger.samples import VACANT, batch
from tests.central.web.harness import ANYWHERE, Web, served, told
from tests.central.web.test_exports import placed

OK = CameraState("near", CameraCondition.OK, 5)


def heard(age_s: float = 0.0, kind: NodeKind = NodeKind.CAMERA) -> NodeStatus:
    return NodeStatus(
        NodeReport("near", kind, "run", "processor"), age_us=int(age_s * 1e6), alive=True
    )


def test_before_the_primary_was_asked_the_ledger_s_word_stands() -> None:
    assert not Vouching().doubts(OK)


def test_a_camera_of_which_the_primary_heard_nothing_is_doubted_until_it_does() -> None:
    vouching = Vouching()
    vouching.note([heard(kind=NodeKind.PROCESSOR)], asked=50.0)
    assert vouching.doubts(OK)
    vouching.note([heard(1.0)], asked=52.0)
    assert not vouching.doubts(OK)


def test_a_new_primary_that_has_heard_nothing_yet_raises_no_doubt_for_a_while() -> None:
    vouching = Vouching()
    vouching.note([heard(1.0)], asked=50.0)
    vouching.note([], asked=50.0 + VOUCHED_S - 1.5)
    assert not vouching.doubts(OK)
    vouching.note([], asked=50.0 + VOUCHED_S)
    assert vouching.doubts(OK)


def test_what_was_just_committed_is_a_word_too() -> None:
    vouching = Vouching()
    vouching.note([], asked=50.0)
    for condition in (CameraCondition.SILENT, CameraCondition.OK):
        assert vouching.doubts(OK)
        vouching.heard([CameraChange("north", "near", None, condition, 1, "")], now=51.0)
    assert not vouching.doubts(OK)


@pytest.mark.parametrize("condition", [None, CameraCondition.SILENT, CameraCondition.NUDGED])
def test_what_was_not_ok_is_not_doubted(condition: CameraCondition | None) -> None:
    vouching = Vouching()
    vouching.note([], asked=50.0)
    assert not vouching.doubts(replace(OK, condition=condition))


def test_what_may_be_published() -> None:
    never_said = CameraState("near", None)  # by processors of before conditions
    assert [is_believed(one) for one in (OK, never_said, doubted(OK))] == [True, True, False]
    assert not is_believed(replace(OK, condition=CameraCondition.DARK))


async def test_after_a_stop_of_all_nobody_is_told_that_a_camera_is_ok(tmp_path: Path) -> None:
    """A service that begins later knows nothing of before: as after a night in which all stood."""
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        ledger = cluster.client()
        await ledger.apply(placed())
        report = CameraReport(CameraCondition.OK, since_us=5_000_000)
        await ledger.append(replace(batch("near", 1, ("A1", VACANT)), camera=report))
        async with served(WebSettings(ANYWHERE, told(cluster))) as http:
            web = Web(cluster, ledger, http)
            await web.known()
            for path in (
                "/api/v1/cameras/near",
                "/api/v1/lots/north",
                "/api/v1/lots/north?fresh=1",
            ):
                await web.until(path, lambda found: DOUBT in json.dumps(found))
            (spot, _) = (await web.get("/api/v1/export/parkapi/parking-spots"))["items"]
            assert spot["realtime_status"] == "UNKNOWN"

            async def report_on() -> None:
                while True:
                    await ledger.heartbeat([heard().report])
                    await asyncio.sleep(0.5)

            reporting = asyncio.create_task(report_on())
            try:
                await web.until(
                    "/api/v1/lots/north",
                    lambda found: "ok" in [one["condition"] for one in found["lot"]["cameras"]],
                )
                (spot, _) = (await web.get("/api/v1/export/parkapi/parking-spots"))["items"]
                assert spot["realtime_status"] == "AVAILABLE"
            finally:
                reporting.cancel()
                await asyncio.gather(reporting, return_exceptions=True)
