"""Pages of a browser that wait as long as a slow and busy machine needs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page

from tests.web.site import START_S


@asynccontextmanager
async def fresh_page(browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """Give a page of a context of its own; options as `Browser.new_context` takes them."""
    context = await browser.new_context(**options)
    context.set_default_timeout(START_S * 1000)
    try:
        yield await context.new_page()
    finally:
        await context.close()
