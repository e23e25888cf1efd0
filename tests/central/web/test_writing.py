"""Layouts over HTTP: nobody writes without the token, and nobody over another one's version."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.central.web.harness import TOKEN, Web, web_service

PATH = "/api/v1/lots/north/layout"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


async def put(web: Web, document: Any, path: str = PATH, **headers: str) -> httpx.Response:
    return await web.http.put(path, json=document, headers=headers)


async def test_a_layout_is_read_changed_and_written_back(tmp_path: Path) -> None:
    async with web_service(tmp_path, token=TOKEN) as web:
        read = await web.http.get(PATH)
        assert read.headers["ETag"] == '"v1"'
        document = read.json()["layout"]
        document["lot"]["name"] = "Written"
        document["cameras"][0]["rows"] = []
        written = await put(web, document, **BEARER, **{"If-Match": '"v1"'})
        assert written.status_code == 200, written.text
        assert written.json()["version"] == 2
        await web.caught_up(written.json()["index"])
        assert (await web.get("/api/v1/lots/north"))["lot"]["name"] == "Written"
        assert (await web.http.get(PATH)).headers["ETag"] == '"v2"' == written.headers["ETag"]


async def test_who_is_late_is_told_so_and_changes_nothing(tmp_path: Path) -> None:
    async with web_service(tmp_path, token=TOKEN) as web:
        document = (await web.get(PATH))["layout"]
        document["lot"]["name"] = "Second"
        first = await put(web, document, **BEARER, **{"If-Match": '"v1"'})
        document["lot"]["name"] = "Late"
        late = await put(web, document, **BEARER, **{"If-Match": '"v1"'})
        assert (first.status_code, late.status_code) == (200, 412)
        assert late.json()["type"] == "urn:parkledger:problem:version-conflict"
        new = await put(web, document, **BEARER, **{"If-None-Match": "*"})
        assert new.status_code == 412
        blind = await put(web, document, **BEARER)
        assert blind.status_code == 428


async def test_a_new_lot_can_be_written(tmp_path: Path) -> None:
    async with web_service(tmp_path, token=TOKEN) as web:
        document = {"lot": {"id": "south"}, "spots": [{"id": "S1"}]}
        path = "/api/v1/lots/south/layout"
        written = await put(web, document, path, **BEARER, **{"If-None-Match": "*"})
        assert written.status_code == 200, written.text
        await web.caught_up(written.json()["index"])
        assert [lot["id"] for lot in (await web.get("/api/v1/lots"))["lots"]] == ["north", "south"]


@pytest.mark.parametrize("token", ["", TOKEN])
async def test_nobody_writes_without_the_token(tmp_path: Path, token: str) -> None:
    async with web_service(tmp_path, token=token) as web:
        document = (await web.get(PATH))["layout"]
        status = 401 if token else 403
        for shown in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}):
            answer = await put(web, document, **shown, **{"If-Match": '"v1"'})
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
        assert (await web.get(PATH))["version"] == 1


async def test_a_wrong_layout_is_refused_with_its_place(tmp_path: Path) -> None:
    async with web_service(tmp_path, token=TOKEN) as web:
        headers = {**BEARER, "If-Match": '"v1"'}
        wrong: list[tuple[Any, str]] = [
            ([], "object"),
            ({"lot": {"id": "north"}}, "spots"),
            ({"lot": {"id": "other"}, "spots": [{"id": "A"}]}, "other"),
            ({"lot": {"id": "north"}, "spots": [{"id": "A", "zone": "Z"}]}, "Z"),
        ]
        for document, says in wrong:
            answer = await put(web, document, **headers)
            assert (answer.status_code, says in answer.json()["detail"]) == (422, True)
        broken = await web.http.put(PATH, content=b"{", headers=headers)
        assert broken.status_code == 400
        headers["content-type"] = "text/plain"
        assert (await web.http.put(PATH, content=b"{}", headers=headers)).status_code == 415
