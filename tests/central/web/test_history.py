"""History, stays and hours over HTTP, before real replicas."""

import time
from dataclasses import replace
from pathlib import Path

from central.layout.document import Zone
from central.ledger.records import CameraCondition, CameraReport
from tests.central.ledger.samples import OCCUPIED, VACANT, batch, layout
from tests.central.web.harness import listening, web_service


async def test_history_is_paged_without_a_gap_or_a_repeat(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        # Two spots in one batch: two changes of one index, between which a page may end.
        for number in range(1, 6):
            state = OCCUPIED if number % 2 else VACANT
            await web.ledger.append(batch("near", number, ("A1", state), ("A2", state)))
        whole = await web.get("/api/v1/lots/north/history")
        assert len(whole["changes"]) == 10
        assert whole["next_page"] is None
        paged: list[object] = []
        page = None
        while True:
            query = {"limit": 3} if page is None else {"limit": 3, "page": page}
            found = await web.get("/api/v1/lots/north/history", params=query)
            paged += found["changes"]
            page = found["next_page"]
            if page is None:
                break
            assert len(found["changes"]) == 3
        assert paged == whole["changes"]
        only = await web.get("/api/v1/lots/north/history?spot=A1")
        assert [change["spot"] for change in only["changes"]] == ["A1"] * 5
        assert (await web.problem("/api/v1/lots/north/history?spot=Z9", 404))["detail"]
        assert (await web.problem("/api/v1/lots/x/history", 404))["detail"]
        bad = await web.problem("/api/v1/lots/north/history?page=WzEsMiwtM10", 422)
        assert bad["type"] == "urn:parkledger:problem:bad-page"


async def test_what_cameras_say_is_shown_told_and_kept(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web, listening(web) as listener:
        before = await web.get("/api/v1/cameras/near")
        assert before["camera"]["condition"] == "unheard"
        report = CameraReport(CameraCondition.NUDGED, since_us=5_000_000, detail="moved 12 px")
        await web.ledger.append(replace(batch("near", 1), camera=report))
        (condition,) = (await listener.until("change"))[-1].data["cameras"]
        assert (condition["camera"], condition["condition"]) == ("near", "nudged")
        await web.caught_up(listener.heard[-1].id)
        camera = (await web.get("/api/v1/cameras/near"))["camera"]
        assert (camera["condition"], camera["detail"]) == ("nudged", "moved 12 px")
        assert len(camera["regions"]) == 2
        brief = (await web.get("/api/v1/lots/north"))["lot"]["cameras"]
        assert [(one["id"], one["condition"]) for one in brief] == [
            ("far", "unheard"),
            ("near", "nudged"),
        ]
        assert len((await web.get("/api/v1/cameras"))["cameras"]) == 2
        assert (await web.get("/api/v1/lots/north/history"))["cameras"] == [
            condition
            | {
                "index": listener.heard[-1].id,
                "committed_at": listener.heard[-1].data["committed_at"],
            }
        ]


async def test_stays_and_over_stays(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        short = replace(layout(), zones=(Zone("row-a", "Row A", max_stay_s=60),))
        await web.ledger.apply(short)
        now_us = time.time_ns() // 1000
        for number, (state, ago) in enumerate([(VACANT, 400), (OCCUPIED, 300), (VACANT, 100)]):
            at = now_us - ago * 1_000_000
            said = batch("near", number + 1, ("A1", state), layout_version=2, captured_at_us=at)
            assert (await web.ledger.append(said)).rejected is None
        await web.caught_up((await web.ledger.get()).index)
        (stay,) = (await web.get("/api/v1/lots/north/stays"))["stays"]
        assert (stay["spot"], stay["seconds"], stay["over_stay_s"]) == ("A1", 200.0, 140.0)
        (hour, *_) = (await web.get("/api/v1/lots/north/hours"))["hours"]
        assert hour["occupied"] == 0
        assert (await web.get("/api/v1/lots/north/stays?over_limit=true"))["stays"] == [stay]
        late = await web.problem("/api/v1/lots/north/stays?since=2999-01-01T00:00:00Z", 422)
        assert "since" in late["detail"]
        long = await web.problem("/api/v1/lots/north/hours?since=2020-01-01T00:00:00Z", 422)
        assert "31 days" in long["detail"]
