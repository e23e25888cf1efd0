"""The layout editor: a row drawn, saved and classified; undo; a conflict; keys alone."""

import pytest
from playwright.async_api import Page, expect

from central.layout.document import Camera, Layout, Spot
from central.layout.toml import read_layout
from tests.web.site import CLIPS, START_S, TOKEN, LiveSite

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECONDS = 1000.0


def front_row() -> list[tuple[float, float]]:
    """The outline of eight neighbouring spots of the clip, where its layout has them."""
    layout = read_layout(CLIPS / "north.toml")
    camera = next(one for one in layout.cameras if one.camera_id == "north-west")
    names = sorted(region.spot_id for region in camera.regions)
    row = names[0][0]
    regions = {region.spot_id: region.corners for region in camera.regions}
    first, last = regions[f"{row}01"], regions[f"{row}08"]
    corners = (first[1], last[0], last[3], first[2])
    return [(x / 1e6, y / 1e6) for x, y in corners]


async def click_at(page: Page, x: float, y: float) -> None:
    """Click where a share of the picture's sides lies."""
    box = await page.locator("svg.canvas").bounding_box()
    assert box is not None
    await page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


async def opened(page: Page, site: LiveSite, lot: str = "annex") -> None:
    """Open the editor and wait for the camera's picture: the surface takes its shape from it."""
    await page.set_viewport_size({"width": 1280, "height": 1100})
    await page.goto(f"{site.url}/lots/{lot}/edit")
    picture = page.locator(".picture img")
    await expect(picture).to_be_visible(timeout=START_S * SECONDS)
    shown = "(image) => image.complete && image.naturalWidth > 0"
    await page.wait_for_function(shown, arg=await picture.element_handle())


async def save(page: Page) -> None:
    """Save with the right token."""
    await page.get_by_role("button", name="Save", exact=True).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Token").fill(TOKEN)
    await dialog.get_by_role("button", name="Save").click()


async def test_a_row_of_eight_is_drawn_saved_and_classified(page: Page, site: LiveSite) -> None:
    await opened(page, site)
    await page.get_by_role("button", name="Draw a row").click()
    await page.get_by_label("Spots in the row").fill("8")
    await page.get_by_label("Names").fill("W##")
    for x, y in front_row():
        await click_at(page, x, y)
    await expect(page.get_by_role("status").last).to_contain_text("8 spots drawn: W01 to W08")
    await expect(page.locator(".region")).to_have_count(8)
    await page.get_by_role("button", name="Ask the classifier").click()
    asking = page.get_by_role("dialog")
    await asking.get_by_label("Token").fill(TOKEN)
    await asking.get_by_role("button", name="Go on").click()
    await expect(page.locator(".region-name").first).to_contain_text("%")
    await save(page)
    await expect(page.get_by_text("Saved as version")).to_be_visible()
    await page.goto(f"{site.url}/lots/annex")
    told = page.locator(".spot-list button:has(.swatch:not(.unknown))", has_text="W0")
    await expect(told).to_have_count(8, timeout=START_S * SECONDS)


async def test_regions_are_proposed_from_a_clip(page: Page, site: LiveSite) -> None:
    await site.apply(_lot_with_camera("proposed"))
    await page.goto(f"{site.url}/lots/proposed/edit")
    await page.evaluate(f"sessionStorage.setItem('parkledger-token', '{TOKEN}')")
    await page.get_by_label("Video file").set_input_files(CLIPS / "north_east.mp4")
    proposals = page.locator(".proposal")
    await expect(proposals.nth(8)).to_be_visible(timeout=2 * START_S * SECONDS)
    before = await proposals.count()
    await proposals.first.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".region")).to_have_count(1)
    await expect(proposals).to_have_count(before - 1)
    await page.get_by_role("button", name="Take all").click()
    await expect(page.locator(".region")).to_have_count(before)
    await page.get_by_label("Video file").set_input_files(CLIPS / "north.toml")
    await expect(page.get_by_role("status").last).to_contain_text("no video")


async def test_a_wrong_token_saves_nothing(page: Page, site: LiveSite) -> None:
    await site.apply(_lot_with_camera("token-lot"))
    await page.goto(f"{site.url}/lots/token-lot/edit")
    await page.get_by_role("button", name="Draw a spot").click()
    for x, y in ((0.2, 0.2), (0.4, 0.2), (0.4, 0.4), (0.2, 0.4)):
        await click_at(page, x, y)
    await page.get_by_role("button", name="Save", exact=True).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Token").fill("not the token at all")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("token")
    state = await site.ledger.get(("token-lot",), timeout=START_S)
    lot = state.lot("token-lot")
    assert lot is not None
    assert lot.layout_version == 1
    await dialog.get_by_role("button", name="Cancel").click()


async def test_someone_else_saved_first(page: Page, site: LiveSite) -> None:
    layout = _lot_with_camera("contested")
    await site.apply(layout)
    await page.goto(f"{site.url}/lots/contested/edit")
    await page.get_by_role("button", name="Draw a spot").click()
    for x, y in ((0.2, 0.2), (0.4, 0.2), (0.4, 0.4), (0.2, 0.4)):
        await click_at(page, x, y)
    theirs = Layout("contested", spots=(*layout.spots, Spot("THEIRS")), cameras=layout.cameras)
    await site.apply(theirs)
    await save(page)
    conflict = page.get_by_role("dialog")
    await expect(conflict).to_contain_text("Someone else saved first")
    await conflict.get_by_role("button", name="Keep my regions").click()
    await save(page)
    await expect(page.get_by_text("Saved as version 3")).to_be_visible()
    state = await site.ledger.get(("contested",), with_layouts=True, timeout=START_S)
    lot = state.lot("contested")
    assert lot is not None
    assert lot.layout is not None
    assert {spot.spot_id for spot in lot.layout.spots} == {"X1", "THEIRS", "A01"}


async def test_drawing_changing_and_deleting_by_keys_alone(page: Page, site: LiveSite) -> None:
    await site.apply(_lot_with_camera("keys"))
    await page.goto(f"{site.url}/lots/keys/edit")
    draw = page.get_by_role("button", name="Draw a spot")
    await draw.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("svg.canvas")).to_be_focused()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        await page.keyboard.press("Enter")
        for _ in range(6):
            await page.keyboard.press(f"Shift+{key}")
    await page.keyboard.press("Enter")
    await expect(page.locator(".region")).to_have_count(1)
    await page.get_by_role("button", name="A01").focus()
    await page.keyboard.press("Enter")
    before = await page.locator(".region").get_attribute("points")
    await page.locator("svg.canvas").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator(".region")).not_to_have_attribute("points", before or "")
    await page.keyboard.press("Delete")
    await expect(page.locator(".region")).to_have_count(0)
    await page.keyboard.press("Control+z")
    await expect(page.locator(".region")).to_have_count(1)
    await page.get_by_role("button", name="Undo").click()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()


async def test_dragging_a_corner_snaps_to_its_neighbour(page: Page, site: LiveSite) -> None:
    await site.apply(_lot_with_camera("snap"))
    await page.goto(f"{site.url}/lots/snap/edit")
    for corners in (
        ((0.2, 0.2), (0.4, 0.2), (0.4, 0.5), (0.2, 0.5)),
        ((0.45, 0.2), (0.6, 0.2), (0.6, 0.5), (0.45, 0.5)),
    ):
        await page.get_by_role("button", name="Draw a spot").click()
        for x, y in corners:
            await click_at(page, x, y)
    await page.get_by_role("button", name="A02").click()
    box = await page.locator("svg.canvas").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 0.2 * box["height"])
    await page.mouse.down()
    x, y = box["x"] + 0.404 * box["width"], box["y"] + 0.205 * box["height"]
    await page.mouse.move(x, y, steps=6)
    await page.mouse.up()
    await page.wait_for_function(
        """() => {
          const shape = (spot) => document.querySelector(`polygon[data-spot="${spot}"]`);
          const points = (spot) => shape(spot).getAttribute("points").split(" ");
          return points("A02")[0] === points("A01")[1];
        }"""
    )


async def test_names_are_kept_and_the_focus_too(page: Page, site: LiveSite) -> None:
    await site.apply(_lot_with_camera("names"))
    await page.goto(f"{site.url}/lots/names/edit")
    for left in (0.2, 0.5):
        await page.get_by_role("button", name="Draw a spot").click()
        for x, y in ((left, 0.2), (left + 0.2, 0.2), (left + 0.2, 0.5), (left, 0.5)):
            await click_at(page, x, y)
    first = page.get_by_role("button", name="A01", exact=True)
    await first.focus()
    await page.keyboard.press("Enter")
    await expect(first).to_be_focused()
    await page.get_by_label("Name", exact=True).fill("North-1")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="North-1", exact=True)).to_be_visible()
    await expect(page.get_by_label("Zone", exact=True)).to_be_focused()
    await page.get_by_label("Name", exact=True).fill("North-2")
    await page.get_by_role("button", name="Select", exact=True).click()
    await page.get_by_label("Name", exact=True).fill("North-3")
    await click_at(page, 0.6, 0.3)  # another region: what was typed for the first holds
    await expect(page.get_by_role("button", name="North-3", exact=True)).to_be_visible()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("A02")
    await page.get_by_role("button", name="Delete", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".region")).to_have_count(1)
    await expect(page.locator("svg.canvas")).to_be_focused()


def _lot_with_camera(lot_id: str) -> Layout:
    return Layout(lot_id, spots=(Spot("X1"),), cameras=(Camera(f"{lot_id}-mast"),))
