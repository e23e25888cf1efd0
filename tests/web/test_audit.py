"""Ten crops labelled by hand: then the ledger's word shows, and the error rate."""

import json

import pytest
from playwright.async_api import Page, expect

from tests.web.site import START_S, TOKEN, LiveSite

pytestmark = pytest.mark.asyncio(loop_scope="session")

LABELLED = """(expected) => {
  const cells = [...document.querySelectorAll("#figures tbody td:nth-child(2)")];
  return cells.reduce((sum, cell) => sum + Number(cell.textContent), 0) === expected;
}"""


async def test_ten_crops_are_labelled(page: Page, site: LiveSite) -> None:
    await page.goto(f"{site.url}/lots/north")
    known = page.locator(".spot-list .swatch:not(.unknown)")
    await expect(known.nth(34)).to_be_visible(timeout=START_S * 1000)
    await page.goto(f"{site.url}/audit")
    await page.get_by_label("Lot").select_option("north")
    await page.get_by_label("Token").fill(TOKEN)
    await page.get_by_role("button", name="Draw 10 samples").click()
    crops = page.locator(".crop")
    await expect(crops).to_have_count(10, timeout=START_S * 1000)
    for i in range(10):
        crop = crops.nth(i)
        loaded = "(image) => image.decode().then(() => image.naturalWidth)"
        assert await crop.locator("img").evaluate(loaded) == 224
        box = await crop.locator("img").bounding_box()
        assert box is not None
        assert box["width"] == pytest.approx(box["height"], abs=1)  # a car as it is
        await expect(crop).not_to_contain_text("The ledger said")
        await crop.get_by_role("button", name="Car" if i % 2 else "Empty").click()
        await expect(crop).to_contain_text("The ledger said")
        if i < 9:
            await expect(crops.nth(i + 1).get_by_role("button").first).to_be_focused()
    await page.wait_for_function(LABELLED, arg=10)
    lines = (site.directory / "labels.jsonl").read_text().splitlines()
    assert len(lines) == 10
    assert {json.loads(line)["seen"] for line in lines} == {"occupied", "vacant"}
