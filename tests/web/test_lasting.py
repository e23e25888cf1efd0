"""What pages keep while they show things anew: focus, the connection, the day that is read."""

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from central.layout.document import Layout, Spot
from tests.web.site import START_S, LiveSite

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECONDS = 1000.0


async def test_live_events_that_were_refused_are_asked_for_again(
    page: Page, site: LiveSite
) -> None:
    asked: list[str] = []
    back = asyncio.Event()

    async def refuse(route: Route) -> None:
        asked.append(route.request.url)
        if back.is_set():
            await route.continue_()
        else:
            await route.fulfill(status=503, body="{}", content_type="application/problem+json")

    await page.route("**/api/v1/events*", refuse)
    await page.goto(f"{site.url}/lots/north")
    await expect(page.locator("#pulse")).to_have_attribute("data-state", "lost")
    await expect(page.locator(".free.stale")).to_be_visible()
    back.set()
    await expect(page.locator("#pulse")).to_have_text("live", timeout=START_S * SECONDS)
    await expect(page.locator(".free.stale")).to_have_count(0)
    assert "after=" in asked[-1]


async def test_a_lot_keeps_the_focus_when_lots_are_shown_anew(page: Page, site: LiveSite) -> None:
    await page.goto(site.url)
    card = page.locator('[data-lot="north"]')
    await card.focus()
    await site.apply(Layout("another", name="Another lot", spots=(Spot("N1"),)))
    other = page.locator('[data-lot="another"]')
    await expect(other).to_contain_text("no camera")
    await expect(other).to_contain_text("count not known")  # no spot was seen: that is not "full"
    await expect(card).to_be_focused()


async def test_a_region_keeps_the_focus_when_the_next_picture_comes(
    page: Page, site: LiveSite
) -> None:
    await page.goto(f"{site.url}/lots/north")
    camera = page.locator("figure").first
    await expect(camera.locator("img")).to_be_visible(timeout=START_S * SECONDS)
    region = camera.locator(".region").nth(2)
    await region.focus()
    picture = await camera.locator("img").get_attribute("src")
    await expect(camera.locator("img")).not_to_have_attribute(
        "src", picture or "", timeout=START_S * SECONDS
    )
    shown = "(image) => image.complete && image.naturalWidth > 0"
    await page.wait_for_function(shown, arg=await camera.locator("img").element_handle())
    await expect(region).to_be_focused()


async def test_a_day_that_could_not_be_read_is_told(page: Page, site: LiveSite) -> None:
    async def refuse(route: Route) -> None:
        body = '{"detail": "the ledger has no quorum"}'
        await route.fulfill(status=503, body=body, content_type="application/problem+json")

    await page.route("**/api/v1/lots/north/spots?at=*", refuse)
    await page.goto(f"{site.url}/lots/north")
    fault = page.get_by_role("status").filter(has_text="The day could not be read")
    await expect(fault).to_contain_text("no quorum")
    await page.set_viewport_size({"width": 800, "height": 900})
    await page.wait_for_function(
        """() => {
          const chart = document.querySelector(".time-travel svg.chart");
          return chart.viewBox.baseVal.width === chart.parentElement.clientWidth;
        }"""
    )
