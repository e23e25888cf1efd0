"""The pages' own code that needs no server state: geometry, names, undo. Run in the browser."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.web.site import LiveSite

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHECKS = (Path(__file__).parent / "checks.js").read_text(encoding="utf-8")


async def run(page: Page, site: LiveSite, name: str) -> Any:
    """Return what that check of checks.js gives; modules are at /static/."""
    await page.goto(f"{site.url}/board/none")
    return await page.evaluate(f"(name) => {{ {CHECKS}\n return checks[name](); }}", name)


async def test_a_row_in_perspective_splits_as_its_ground_does(page: Page, site: LiveSite) -> None:
    for i, part in enumerate(await run(page, site, "perspective")):
        expected = [(i / 4, 0), ((i + 1) / 4, 0), ((i + 1) / 4, 1), (i / 4, 1)]
        for corner, there in zip(part, expected, strict=True):
            assert corner == pytest.approx(there, abs=1e-9)


async def test_what_is_no_region_is_told(page: Page, site: LiveSite) -> None:
    assert await run(page, site, "regions") == [True, True, False, False, False, False]


async def test_arrow_keys_stay_in_a_row_and_end_at_its_edge(page: Page, site: LiveSite) -> None:
    found = await run(page, site, "neighbours")
    assert found["grid"] == [22, 20, 41, 1]
    assert found["edge"] == [1, 0, 20, 0]
    assert found["slanted"] == [5, 3, 4, 1]


async def test_names_by_pattern_leave_out_what_is_taken(page: Page, site: LiveSite) -> None:
    first, second, third, bad, good = await run(page, site, "names")
    assert first == ["A01", "A03", "A04"]
    assert second == ["P-9-x", "P-10-x"]
    assert third == ["Q1", "Q2"]
    assert (bad, good) == (True, "")


async def test_drawing_undo_and_what_is_saved(page: Page, site: LiveSite) -> None:
    result = await run(page, site, "drawing")
    # a is gone with its only region; b is still seen by the other camera; c never had a region.
    assert [spot["id"] for spot in result["saved"]["spots"]] == ["b", "c", "d"]
    assert result["saved"]["spots"][2] == {"id": "d", "zone": "z"}
    assert result["saved"]["cameras"][1]["masks"] == [1]
    assert [one["spot"] for one in result["saved"]["cameras"][0]["regions"]] == ["d"]
    assert result["undone"] == ["a", "b", "d"]
    assert result["changed"] is False
    assert result["redone"] == ["d"]
    assert "already" in result["twice"]
    assert "convex" in result["bad"]
    assert result["untouched"] == 3


async def test_free_spots_over_time_and_old_events(page: Page, site: LiveSite) -> None:
    result = await run(page, site, "states")
    assert result["line"] == [1, 0, 1, 1]
    assert result["old"] == []
    assert result["fresh"] == ["a"]
    assert result["counts"] == {"total": 2, "vacant": 0, "occupied": 1, "unknown": 1}
    assert result["midnight"] == "2026-06-30T22:00:00.000Z"


async def test_days_on_which_clocks_are_changed(page: Page, site: LiveSite) -> None:
    assert await run(page, site, "days") == [
        ["2026-03-28T23:00:00.000Z", 23],
        ["2026-10-24T22:00:00.000Z", 25],
        ["2026-09-06T04:00:00.000Z", 23],
        ["2025-12-31T18:30:00.000Z", 24],
    ]


async def test_cameras_in_words(page: Page, site: LiveSite) -> None:
    assert await run(page, site, "cameras") == [
        ["seeing well", "good"],
        ["frozen", "bad"],
        ["not heard of yet", ""],
    ]
