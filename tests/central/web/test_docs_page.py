"""The page of the OpenAPI document: all that can be asked stands there, and nothing gets loose."""

from html.parser import HTMLParser
from pathlib import Path

from central.web.docs_page import docs_page
from tests.central.web.harness import web_service


class Page(HTMLParser):
    """Notes what a page links to and which anchors it has; fails where tags do not close."""

    VOID = ("meta", "link", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.links.add(found.get("href") or "")
        self.anchors.add(f"#{found.get('id')}")
        assert tag != "script"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def test_every_operation_stands_there_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        text = (await web.http.get("/docs")).text
        document = await web.get("/api/v1/openapi.json")
        for path in document["paths"]:
            assert f"<code>{path}</code>" in text
        page = Page(text)
        assert page.open == []
        assert {link for link in page.links if link.startswith("#")} <= page.anchors
        for link in page.links:
            if link.startswith("/"):
                assert (await web.http.get(link)).status_code == 200, link


def test_what_a_document_says_cannot_become_markup() -> None:
    evil = "<script>alert(1)</script>"
    page = docs_page(
        {
            "info": {"title": evil, "version": evil, "description": evil},
            "paths": {f"/{evil}": {"get": {"description": evil, "responses": {}, "tags": [evil]}}},
            "components": {"schemas": {evil: {"description": evil}}},
        }
    )
    Page(page)
    assert "<script" not in page
