"""Of every page: no serious fault for those who need a screen reader or keys, light, quick."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.web.browsing import fresh_page
from tests.web.site import LiveSite

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGES = {
    "/": ".lot-card svg.chart",
    "/lots/north": ".region",
    "/lots/north/edit": ".spot-list button",
    "/cluster": "#replicas tbody tr",
    "/audit": "#figures *",
    "/board/north": "#count:text-matches('.')",
}
"""Each with what it shows last of all."""
MOST_BYTES = 200_000
USABLE_MS = 1000
"""On loopback. A generous bound here: what is measured stands in docs/MEASUREMENTS.md."""
PATIENCE = 15
WHICH = """(() => {
  const element = document.activeElement;
  return element.id || element.className?.baseVal || element.textContent;
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
async def test_an_accessibility_checker_finds_no_serious_fault(
    browser: Browser, site: LiveSite, path: str, scheme: str
) -> None:
    dark = scheme == "dark"
    # Without motion: colours that ease in have less contrast half-way.
    async with fresh_page(
        browser, color_scheme="dark" if dark else "light", reduced_motion="reduce"
    ) as page:
        await page.goto(site.url + path)
        await expect(page.locator("h1").first).to_be_visible()
        await expect(page.locator(PAGES[path]).first).to_be_visible()
        results = await Axe().run(page)
    serious = [
        f"{one['id']}: {one['nodes'][0]['html'][:200]} ({one['nodes'][0]['failureSummary']})"
        for one in results.response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("path", PAGES)
async def test_a_first_load_is_light_and_soon_usable(
    browser: Browser, site: LiveSite, path: str
) -> None:
    sizes: list[int] = []
    foreign: list[str] = []
    urls: dict[str, str] = {}
    async with fresh_page(browser) as page:
        page.on("request", lambda request: foreign.append(request.url))
        session = await page.context.new_cdp_session(page)
        await session.send("Network.enable")
        session.on(
            "Network.responseReceived",
            lambda event: urls.__setitem__(event["requestId"], event["response"]["url"]),
        )
        session.on(
            "Network.loadingFinished",
            # What a camera sees is as large as it is.
            lambda event: sizes.append(
                0
                if "/picture" in urls.get(event["requestId"], "")
                else int(event["encodedDataLength"])
            ),
        )
        await page.goto(site.url + path)
        await expect(page.locator("h1").first).to_be_visible()
        await expect(page.locator(PAGES[path]).first).to_be_visible()
        usable = await page.evaluate(
            "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
        )
    assert 1000 < sum(sizes) < MOST_BYTES
    assert [url for url in foreign if not url.startswith((site.url, "blob:", "data:"))] == []
    assert usable < USABLE_MS * PATIENCE


async def test_keys_reach_everything_in_order(page: Page, site: LiveSite) -> None:
    await page.goto(f"{site.url}/lots/north")
    await expect(page.locator(".region").first).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    reached = set()
    for _ in range(60):
        await page.keyboard.press("Tab")
        reached.add(await page.evaluate(WHICH))
    assert {"instant", "Board"} <= reached
    assert any("region" in one for one in reached)
