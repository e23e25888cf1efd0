"""Pictures of every page, for the docs: set PARKLEDGER_SCREENSHOTS to the folder docs/pages.

Without the variable they are drawn all the same, into a folder that is thrown away.
"""

import os
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.web.browsing import fresh_page
from tests.web.site import START_S, TOKEN, LiveSite
from tests.web.test_lot_pages import large_lot

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECONDS = 1000.0
WIDE = ViewportSize(width=1280, height=860)
PHONE = ViewportSize(width=390, height=844)


async def keep(page: Page, name: str, folder: Path) -> None:
    """Draw what is shown of a page."""
    folder = Path(os.environ.get("PARKLEDGER_SCREENSHOTS", folder))
    path = folder / f"{name}.jpg"
    await page.wait_for_function(  # colours ease in
        "() => document.getAnimations().every((one) => one.playState !== 'running')"
    )
    await page.evaluate("scrollTo(0, 0)")
    await page.screenshot(path=path, type="jpeg", quality=82)
    assert path.stat().st_size > 8_000  # an empty page is smaller


async def settled(page: Page, site: LiveSite) -> None:
    """Open the sample lot once its spots and pictures are there."""
    await page.goto(f"{site.url}/lots/north")
    known = page.locator(".spot-list .swatch:not(.unknown)")
    await expect(known.nth(36)).to_be_visible(timeout=START_S * SECONDS)
    await expect(page.locator("figure img").nth(1)).to_be_visible(timeout=START_S * SECONDS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_on_a_desk(
    browser: Browser, site: LiveSite, tmp_path: Path, scheme: str
) -> None:
    dark = scheme == "dark"
    async with fresh_page(browser, viewport=WIDE, color_scheme="dark" if dark else "light") as page:
        await pages_on_a_desk(page, site, tmp_path, scheme)


async def pages_on_a_desk(page: Page, site: LiveSite, tmp_path: Path, scheme: str) -> None:
    """Draw them all."""
    await settled(page, site)
    await page.locator('.region[data-spot="A05"]').first.click()
    await expect(page.get_by_label("The chosen spot")).to_contain_text("A05")
    await keep(page, f"lot-{scheme}", tmp_path)
    await page.goto(site.url)
    await expect(page.locator('[data-lot="north"] svg.chart')).to_be_visible()
    await keep(page, f"lots-{scheme}", tmp_path)
    await page.goto(f"{site.url}/lots/north/edit")
    await expect(page.locator(".picture img")).to_be_visible(timeout=START_S * SECONDS)
    await page.get_by_role("button", name="A06").click()
    await keep(page, f"editor-{scheme}", tmp_path)
    await page.goto(f"{site.url}/cluster")
    await expect(page.locator("#replicas tbody tr")).to_have_count(3)
    await keep(page, f"cluster-{scheme}", tmp_path)
    await page.goto(f"{site.url}/board/north")
    await expect(page.locator("#word")).to_contain_text("free")
    await keep(page, "board", tmp_path)


async def test_the_audit_and_a_large_lot(page: Page, site: LiveSite, tmp_path: Path) -> None:
    await settled(page, site)
    await page.goto(f"{site.url}/audit")
    await page.get_by_label("Lot").select_option("north")
    await page.get_by_label("Token").fill(TOKEN)
    await page.get_by_role("button", name="Draw 10 samples").click()
    await expect(page.locator(".crop")).to_have_count(10, timeout=START_S * SECONDS)
    await page.locator(".crop").first.get_by_role("button", name="Empty").click()
    await expect(page.locator(".crop").first).to_contain_text("The ledger said")
    await keep(page, "audit", tmp_path)
    await site.apply(large_lot())
    await page.goto(f"{site.url}/lots/large")
    await expect(page.locator(".region")).to_have_count(400)
    await keep(page, "large-lot", tmp_path)


async def test_a_lot_on_a_phone(browser: Browser, site: LiveSite, tmp_path: Path) -> None:
    async with fresh_page(browser, viewport=PHONE, device_scale_factor=2, has_touch=True) as page:
        await settled(page, site)
        await keep(page, "lot-phone", tmp_path)
