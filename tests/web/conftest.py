"""One installation and one browser for all tests of this folder."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.web.site import START_S, LiveSite, live_site

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
from playwright.async_api import Browser, Page, async_playwright, expect  # noqa: E402

from tests.web.browsing import fresh_page  # noqa: E402

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

expect.set_options(timeout=START_S * 1000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker: the processes and the browser are shared."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveSite]:
    """A running installation."""
    async with live_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A real browser without a screen."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    async with async_playwright() as driver:
        running = await driver.chromium.launch(executable_path=program, args=list(FLAGS))
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A fresh page on a desk's screen; what goes wrong in its scripts fails the test."""
    errors: list[str] = []
    async with fresh_page(
        browser, viewport={"width": 1280, "height": 900}, locale="en-GB"
    ) as shown:
        shown.on("pageerror", lambda error: errors.append(str(error)))
        yield shown
    assert not errors
