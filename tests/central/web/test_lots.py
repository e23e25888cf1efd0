"""Lots, zones and spots over HTTP, before real replicas."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from central.web.settings import WebSettings
from tests.central.ledger.samples import layout
from tests.central.web.harness import ANYWHERE, Web, served, told, web_service


async def flipped(web: Web, times: int = 1) -> int:
    """Flip A1, wait until the view has it, and return the index."""
    await web.flip(times)
    index = (await web.ledger.get()).index
    await web.caught_up(index)
    return index


async def test_a_lot_its_zones_and_its_spots(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        index = await flipped(web)
        answer = await web.http.get("/api/v1/lots/north")
        body = answer.json()
        assert body["lot"]["counts"] == {"total": 2, "occupied": 1, "vacant": 0, "unknown": 1}
        assert body["ledger"]["index"] == index == int(answer.headers["Ledger-Index"])
        assert body["ledger"]["stale"] is False
        assert 0 <= float(answer.headers["Ledger-Age"]) < 30
        spots = (await web.get("/api/v1/lots/north/spots"))["spots"]
        assert [(spot["id"], spot["occupancy"], spot["camera"]) for spot in spots] == [
            ("A1", "occupied", "near"),
            ("A2", "unknown", "near"),
        ]
        assert spots[0]["since"].endswith("+00:00")
        assert (await web.get("/api/v1/lots/north/spots/A1"))["spot"] == spots[0]
        assert (await web.get("/api/v1/lots"))["lots"] == [body["lot"]]
        assert (await web.get("/api/v1/lots/north/zones"))["zones"] == body["zones"]
        assert await web.get("/api/v1/lots/north/spots", params={"fresh": "true"}) == {
            "spots": spots,
            "next_page": None,
            "ledger": {"index": index, "age_ms": 0, "stale": False},
        }


async def test_the_past_is_as_it_was_and_may_be_kept_for_ever(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        await flipped(web)
        then = datetime.now(UTC).isoformat()
        await asyncio.sleep(0.002)
        await flipped(web)
        now = await web.get("/api/v1/lots/north/spots/A1")
        assert now["spot"]["occupancy"] == "vacant"
        past = await web.http.get("/api/v1/lots/north/spots/A1", params={"at": then})
        assert past.json()["spot"]["occupancy"] == "occupied"
        assert "immutable" in past.headers["Cache-Control"]
        # As a browser's address line sends it: the plus sign arrives as a space.
        path = f"/api/v1/lots/north/spots/A1?at={then}"
        assert (await web.get(path))["spot"] == past.json()["spot"]
        before = await web.get("/api/v1/lots", params={"at": "2020-01-01T00:00:00Z"})
        assert before["lots"] == []


async def test_nothing_is_sent_twice_to_one_who_has_it(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        first = await web.http.get("/api/v1/lots/north/spots")
        headers = {"If-None-Match": first.headers["ETag"]}
        again = await web.http.get("/api/v1/lots/north/spots", headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert "Ledger-Age" in again.headers
        await flipped(web)
        changed = await web.http.get("/api/v1/lots/north/spots", headers=headers)
        assert changed.status_code == 200
        assert changed.headers["ETag"] != first.headers["ETag"]


async def test_pages_end_where_the_next_begins(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        first = await web.get("/api/v1/lots/north/spots", params={"limit": 1})
        page = first["next_page"]
        second = await web.get("/api/v1/lots/north/spots", params={"limit": 1, "page": page})
        assert [spot["id"] for spot in first["spots"] + second["spots"]] == ["A1", "A2"]
        assert second["next_page"] is None
        wrong = await web.problem("/api/v1/lots?page=nonsense", 422)
        assert wrong["type"] == "urn:parkledger:problem:bad-page"


WRONG = [
    ("/api/v1/lots/nowhere", 404, "nowhere"),
    ("/api/v1/lots/nowhere?fresh=true", 404, "nowhere"),
    ("/api/v1/lots/north/spots/Z9", 404, "Z9"),
    ("/api/v1/nothing", 404, "/docs"),
    ("/api/v1/lots?at=yesterday", 422, "yesterday"),
    ("/api/v1/lots?at=2026-01-01T00:00:00", 422, "offset"),
    ("/api/v1/lots?at=2999-01-01T00:00:00Z", 422, "over"),
    ("/api/v1/lots?at=0001-01-01T00:00:00%2B14:00", 422, "at"),
    ("/api/v1/lots?at=2020-01-01T00:00:00Z&fresh=true", 422, "exclude"),
    ("/api/v1/lots?limit=0", 422, "limit"),
    ("/api/v1/lots?page=nonsense", 422, "next_page"),
    ("/api/v1/events?after=-1", 422, "after"),
    ("/api/v1/events?lot=nowhere", 404, "nowhere"),
]


async def test_what_is_wrongly_asked_is_told_so(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        for path, status, says in WRONG:
            problem = await web.problem(path, status)
            assert says in problem["detail"], path
            assert problem["instance"] == path.partition("?")[0]
        posted = await web.http.post("/api/v1/lots")
        assert posted.status_code == 405
        assert posted.headers["content-type"] == "application/problem+json"


async def test_a_browser_gets_a_page_and_a_program_problem_details(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        shown = await web.http.get("/clutser", headers=browser)
        assert (shown.status_code, shown.headers["content-type"]) == (
            404,
            "text/html; charset=utf-8",
        )
        assert "There is no such page" in shown.text
        assert shown.headers["content-security-policy"]
        await web.problem("/clutser", 404)
        await web.problem("/api/v1/lost", 404, headers=browser)


async def test_without_a_ledger_the_last_state_is_served_as_stale(tmp_path: Path) -> None:
    async with web_service(tmp_path, stale_after_s=0.5) as web:
        index = await flipped(web)
        await web.cluster.stop("a")
        found = await web.until("/api/v1/lots/north", lambda found: found["ledger"]["stale"])
        assert found["lot"]["counts"]["occupied"] == 1
        assert found["ledger"]["index"] == index
        away = await web.http.get("/api/v1/lots?fresh=true")
        assert away.status_code == 503
        assert int(away.headers["Retry-After"]) > 0
        web.cluster.start("a")
        await web.until("/api/v1/lots/north", lambda found: not found["ledger"]["stale"])


async def test_a_service_that_never_reached_a_ledger_says_so(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        addresses = told(web.cluster)
        await web.cluster.stop("a")
        async with served(WebSettings(ANYWHERE, addresses)) as http:
            answer = await http.get("/api/v1/lots")
            assert answer.status_code == 503
            assert answer.json()["type"] == "urn:parkledger:problem:ledger-away"


async def test_a_new_layout_is_followed(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        renamed = replace(layout(), name="Renamed")
        applied = await web.ledger.apply(renamed)
        await web.caught_up(applied.index)
        found = await web.get("/api/v1/lots/north")
        assert (found["lot"]["name"], found["lot"]["layout_version"]) == ("Renamed", 2)


async def test_pages_of_other_sites_read_only_where_they_may(tmp_path: Path) -> None:
    origin = "https://www.example.org"
    async with web_service(tmp_path, allow_origins=(origin,)) as web:
        ours = await web.http.get("/api/v1/lots", headers={"Origin": origin})
        assert ours.headers["Access-Control-Allow-Origin"] == origin
        assert "Ledger-Age" in ours.headers["Access-Control-Expose-Headers"]
        other = await web.http.get("/api/v1/lots", headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in other.headers
        asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
        preflight = await web.http.options("/api/v1/lots/north/layout", headers=asked)
        assert preflight.status_code == 400
