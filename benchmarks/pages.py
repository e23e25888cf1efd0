"""How heavy a page is on its first load, and how soon it can be used, in a real browser.

The installation is that of the tests (`tests/web/site.py`): replicas, processor, cameras, web.
"""

import asyncio
import shutil
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click
from playwright.async_api import Browser, async_playwright

from benchmarks.machine import this_machine
from benchmarks.options import report_options
from benchmarks.report import Report, Row
from node.errors import OperationError
from tests.web.site import LiveSite, live_site

MOST_KB = 200
MOST_MS = 1000
PATIENCE_MS = 60_000
# What must be there before a page can be used.
USABLE = {
    "/": "[data-lot=north]",
    "/lots/north": ".region",
    "/lots/north/edit": ".region",
    "/cluster": "#replicas tbody tr",
    "/audit": "#lot",
    "/board/north": "#count[data-state=free]",
}


@dataclass(frozen=True)
class Load:
    """One first load. kilobytes: without cameras' pictures, which are as large as they are."""

    kilobytes: float
    usable_ms: float


@click.command()
@click.option(
    "--loads",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    show_envvar=True,
    help="First loads of each page; the median counts.",
)
@report_options
def benchmark(loads: int) -> Report:
    """Measure each page's first load: its weight, and the time until it can be used."""
    program = shutil.which("chromium")
    if program is None:
        raise OperationError("no Chromium is installed: apt-get install chromium")
    return Report(machine=this_machine(), rows=tuple(asyncio.run(_measure(program, loads))))


async def _measure(program: str, loads: int) -> list[Row]:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as directory:
        async with live_site(Path(directory)) as site, async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
            for path, selector in USABLE.items():
                found = [await _load(browser, site, path, selector) for _ in range(loads)]
                weight = statistics.median(load.kilobytes for load in found)
                usable = statistics.median(load.usable_ms for load in found)
                rows += [
                    Row(
                        f"{path}: first load",
                        "kB",
                        weight,
                        goal=f"< {MOST_KB}",
                        met=weight < MOST_KB,
                    ),
                    Row(f"{path}: usable", "ms", usable, goal=f"< {MOST_MS}", met=usable < MOST_MS),
                ]
            await browser.close()
    return rows


def _row(name: str, unit: str, value: float, most: float) -> Row:
    return Row(name, unit, value, goal=f"< {most:g}", met=value < most)


async def _load(browser: Browser, site: LiveSite, path: str, selector: str) -> Load:
    context = await browser.new_context()  # nothing is cached in a new one
    try:
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        await session.send("Network.enable")
        urls: dict[str, str] = {}
        sizes: dict[str, float] = {}
        session.on(
            "Network.responseReceived",
            lambda event: urls.__setitem__(event["requestId"], event["response"]["url"]),
        )
        session.on(
            "Network.loadingFinished",
            lambda event: sizes.__setitem__(event["requestId"], event["encodedDataLength"]),
        )
        await page.goto(site.url + path, wait_until="commit")
        await page.locator(selector).first.wait_for(timeout=PATIENCE_MS)
        usable_ms = float(await page.evaluate("performance.now()"))
        await page.wait_for_timeout(500)  # what is read after that is part of the load, too
        heavy = sum(size for key, size in sizes.items() if "/picture" not in urls.get(key, ""))
        return Load(heavy / 1000, usable_ms)
    finally:
        await context.close()
