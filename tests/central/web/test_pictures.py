"""Pictures and previews: from a camera's stream through a processor to HTTP, only where allowed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from central.web.settings import WebSettings
from tests.central.ledger.cluster import DEADLINE, Cluster
from tests.central.processor.fake_camera import FakeCamera
from tests.central.processor.harness import layout, picture, region, running, settings
from tests.central.web.harness import ANYWHERE, TOKEN, served, told

PATH = "/api/v1/cameras/cam1/picture"
PREVIEW = "/api/v1/cameras/cam1/preview"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@asynccontextmanager
async def looking(
    directory: Path, *, pictures: bool
) -> AsyncIterator[tuple[httpx.AsyncClient, FakeCamera]]:
    """Give a web service and a camera that streams to the processor behind it."""
    async with Cluster(directory, replica_ids=("a",)) as cluster:
        ledger = cluster.client()
        await ledger.apply(layout("cam1"))
        async with (
            running(ledger, replace(settings(), pictures=pictures)) as processor,
            FakeCamera(processor) as camera,
            served(
                WebSettings(ANYWHERE, told(cluster), token=TOKEN, processors=(processor.address,))
            ) as http,
        ):
            async with asyncio.timeout(DEADLINE):
                while (await http.get("/api/v1/lots")).status_code != 200:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            yield http, camera


async def test_the_last_picture_is_shown_and_dropped_with_the_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("central.web.pictures.KEPT_S", 0.0)
    async with looking(tmp_path, pictures=True) as (http, camera):
        assert (await http.get(PATH)).status_code == 404
        await camera.show("ovov", times=2)
        shown = await http.get(PATH)
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
        assert shown.content == picture("ovov")
        assert shown.headers["Captured-At"] == "1970-01-01T00:00:02.000000+00:00"
        again = await http.get(PATH, headers={"If-None-Match": shown.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        await camera.show("vvvv", times=1)
        assert (await http.get(PATH)).content == picture("vvvv")
        await camera.finish()
        assert (await http.get(PATH)).status_code == 404
        unknown = await http.get("/api/v1/cameras/nobody/picture")
        assert unknown.json()["type"] == "urn:parkledger:problem:unknown-camera"


async def test_regions_are_tried_on_the_last_picture(tmp_path: Path) -> None:
    async with looking(tmp_path, pictures=True) as (http, camera):
        await camera.show("ovuv", times=1)
        asked = {"regions": [list(region(number).polygon) for number in range(3)]}
        seen = await http.post(PREVIEW, json=asked, headers=BEARER)
        assert seen.status_code == 200, seen.text
        words = [one["occupancy"] for one in seen.json()["regions"]]
        assert words == ["occupied", "vacant", "unknown"]
        assert (await http.post(PREVIEW, json=asked)).status_code == 401
        bow = {"regions": [[[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]]}
        crossed = await http.post(PREVIEW, json=bow, headers=BEARER)
        assert (crossed.status_code, "region 0" in crossed.json()["detail"]) == (422, True)
        outside = {"regions": [[[2, 0], [1, 0], [1, 1], [0, 1]]]}
        assert (await http.post(PREVIEW, json=outside, headers=BEARER)).status_code == 422


async def test_no_picture_leaves_a_processor_that_was_not_told_to_show_any(tmp_path: Path) -> None:
    async with looking(tmp_path, pictures=False) as (http, camera):
        await camera.show("ovov", times=1)
        refused = await http.get(PATH)
        assert refused.status_code == 404
        assert "--pictures" in refused.json()["detail"]
