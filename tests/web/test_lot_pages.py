"""Lots, one lot, the board: live, in the past, on a phone, and when it is stale."""

import asyncio
import re

import pytest
from playwright.async_api import Browser, Page, Route, expect

from central.layout.document import Camera, Layout, Region, Spot
from tests.web.browsing import fresh_page
from tests.web.site import START_S, WEB, LiveSite

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECONDS = 1000.0


async def seen(page: Page, site: LiveSite) -> None:
    """Open the sample lot once most of its spots were seen."""
    await page.goto(f"{site.url}/lots/north")
    known = page.locator(".spot-list .swatch:not(.unknown)")
    await expect(known.nth(34)).to_be_visible(timeout=START_S * SECONDS)


async def test_lots_with_counts_trend_and_cameras(page: Page, site: LiveSite) -> None:
    await seen(page, site)
    await page.goto(site.url)
    card = page.locator('[data-lot="north"]')
    await expect(card).to_contain_text("North campus lot")
    await expect(card.locator(".free b")).to_have_text(re.compile(r"^\d+$"))
    await expect(card).to_contain_text("2 cameras, all well", timeout=START_S * SECONDS)
    await expect(card.locator("svg.chart")).to_be_visible()
    await card.click()
    await expect(page).to_have_url(f"{site.url}/lots/north")


async def test_pictures_carry_regions_in_the_colour_of_their_state(
    page: Page, site: LiveSite
) -> None:
    await seen(page, site)
    await expect(page.locator("figure img").first).to_be_visible(timeout=START_S * SECONDS)
    await expect(page.locator(".region.occupied").first).to_be_visible()
    await expect(page.locator(".region.vacant").first).to_be_visible()
    region = page.locator('.region[data-spot="A03"]').first
    await region.focus()
    await page.keyboard.press("Enter")
    story = page.get_by_label("The chosen spot")
    await expect(story).to_contain_text("A03")
    await expect(story.get_by_text("Last 24 hours")).to_be_visible()
    await expect(story.locator("dl")).to_contain_text("Row A")


async def test_any_past_instant_and_back(page: Page, site: LiveSite) -> None:
    await seen(page, site)
    await page.locator("#instant").evaluate(
        "(slider) => { slider.value = 60; slider.dispatchEvent(new Event('input')); }"
    )
    # A minute after midnight the ledger knew no such lot, and says so; or it is just past midnight.
    past = page.get_by_role("status").filter(has_text="cannot be shown")
    await expect(past.or_(page.get_by_text("a past instant"))).to_be_visible()
    await page.locator("#instant").evaluate(
        "(slider) => { slider.value = slider.max - 30; slider.dispatchEvent(new Event('input')); }"
    )
    await expect(page.locator("output")).to_contain_text("As of")
    await page.get_by_role("button", name="Back to now").click()
    await expect(page.locator("output")).to_have_text("Now")
    await expect(page.locator("#pulse")).to_have_text("live")


async def test_what_is_wrong_with_an_instant_outlasts_the_reading_of_the_day(
    page: Page, site: LiveSite
) -> None:
    await seen(page, site)
    go_on = asyncio.Event()

    async def late(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await page.route("**/lots/north/history?**", late)
    await page.goto(f"{site.url}/lots/north")
    await page.locator("#instant").evaluate(
        # Three months before the day: no lot was there then.
        "(slider) => { slider.min = slider.value = -9e6;"
        " slider.dispatchEvent(new Event('input')); }"
    )
    past = page.get_by_role("status").filter(has_text="cannot be shown")
    await expect(past).to_be_visible()
    async with page.expect_response("**/lots/north/history?**"):
        go_on.set()
    await expect(page.locator("svg.chart .trace").first).to_be_attached()
    await expect(past).to_be_visible()


async def test_a_lot_that_is_not_there(page: Page, site: LiveSite) -> None:
    for path in ("/lots/nowhere", "/lots/nowhere/edit"):
        await page.goto(site.url + path)
        await expect(page.get_by_role("alert")).to_contain_text("There is no lot 'nowhere'")
        await expect(page.locator("#pulse")).to_have_count(0)
    await page.get_by_role("link", name="See the list of lots").click()
    await expect(page).to_have_url(f"{site.url}/")
    await page.goto(f"{site.url}/board/nowhere")
    await expect(page.get_by_text("There is no lot 'nowhere'")).to_be_visible()


def large_lot() -> Layout:
    """400 spots in twenty rows of one camera's picture."""
    spots = [f"R{row:02}-{n:02}" for row in range(20) for n in range(20)]
    regions = []
    for i, spot in enumerate(spots):
        x, y = 20_000 + i % 20 * 48_000, 20_000 + i // 20 * 48_000
        corners = ((x, y), (x + 40_000, y), (x + 40_000, y + 40_000), (x, y + 40_000))
        regions.append(Region(spot, corners))
    return Layout(
        lot_id="large",
        name="A lot of 400 spots",
        spots=tuple(Spot(spot) for spot in spots),
        cameras=(Camera("roof", name="Roof", regions=tuple(regions)),),
    )


async def test_four_hundred_spots_on_a_desk_and_on_a_phone(
    page: Page, browser: Browser, site: LiveSite
) -> None:
    await site.apply(large_lot())
    await page.goto(f"{site.url}/lots/large")
    await expect(page.locator(".region")).to_have_count(400)
    await expect(page.get_by_text("drawn plan")).to_be_visible()
    size = {"width": 360, "height": 740}
    async with fresh_page(browser, viewport=size, has_touch=True) as phone:
        for path in ("/", "/lots/large", "/lots/north", "/lots/north/edit", "/cluster", "/audit"):
            await phone.goto(site.url + path)
            await expect(phone.locator("h1").first).to_be_visible()
            wider = await phone.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wider <= 0, f"{path} scrolls sideways by {wider} pixels on a phone"


REACHED = """async () => {
    const { neighbour } = await import("/static/modules/geometry.js");
    const ways = [[1, 0], [-1, 0], [0, 1], [0, -1]];
    return [...document.querySelectorAll("svg.over, .spot-list")].map((holder) => {
        const spots = [...holder.querySelectorAll("[data-spot]")];
        const boxes = spots.map((one) => one.getBoundingClientRect());
        const points = boxes.map((box) => [box.x + box.width / 2, box.y + box.height / 2]);
        const reached = new Set([0]);
        for (const at of reached) for (const way of ways) reached.add(neighbour(points, at, way));
        return [points.length, reached.size];
    });
}"""


async def test_all_spots_are_one_tab_stop_and_arrows_reach_each(page: Page, site: LiveSite) -> None:
    await site.apply(large_lot())
    await page.goto(f"{site.url}/lots/large")
    await expect(page.locator(".region")).to_have_count(400)
    for holder in (page.locator("svg.over"), page.locator(".spot-list")):
        await expect(holder.locator('[tabindex="0"]')).to_have_count(1)
        await holder.locator('[tabindex="0"]').focus()
        for key, spot in (
            ("ArrowRight", "R00-01"),
            ("ArrowLeft", "R00-00"),
            ("ArrowLeft", "R00-00"),
            ("End", "R19-19"),
            ("Home", "R00-00"),
        ):
            await page.keyboard.press(key)
            await expect(holder.locator(f'[data-spot="{spot}"]')).to_be_focused()
        await page.keyboard.press("ArrowDown")
        await expect(holder.locator('[tabindex="0"]')).to_be_focused()
        await expect(holder.locator('[data-spot="R00-00"]')).not_to_be_focused()
    # Chosen in one place, it is the stop in all: Tab comes back to it.
    await page.keyboard.press("Home")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("The chosen spot")).to_contain_text("R00-00")
    await expect(page.locator('[tabindex="0"][data-spot="R00-00"]')).to_have_count(2)
    for lot in ("large", "north"):
        await page.goto(f"{site.url}/lots/{lot}")
        await expect(page.locator(".region").first).to_be_visible()
        for spots, reached in await page.evaluate(REACHED):
            assert reached == spots, lot


async def test_the_board_says_when_it_is_stale(page: Page, site: LiveSite) -> None:
    await page.clock.install()
    await page.goto(f"{site.url}/board/north")
    await expect(page.locator("#count")).to_have_text(re.compile(r"^(\d+|Full)$"))
    await site.supervisor.stop([WEB], grace=8.0)
    await page.clock.fast_forward(40_000)
    await expect(page.locator("#count")).to_have_text("–")
    await expect(page.locator("#foot")).to_contain_text("Not up to date")
    await site.start_web()
    await page.clock.fast_forward(10_000)
    await expect(page.locator("#count")).to_have_text(re.compile(r"^(\d+|Full)$"))


async def test_the_cluster_and_its_cameras(page: Page, site: LiveSite) -> None:
    await page.goto(f"{site.url}/cluster")
    await expect(page.locator("#replicas tbody tr")).to_have_count(3)
    await expect(page.locator("#replicas").get_by_text("primary", exact=True)).to_be_visible()
    await expect(page.get_by_text("All replicas answer")).to_be_visible()
    await expect(page.locator("#cameras")).to_contain_text("East mast")
