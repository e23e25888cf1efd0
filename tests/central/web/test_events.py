"""Live events: nothing is missed, over fail-overs and reconnections."""

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.central.ledger.cluster import DEADLINE
from tests.central.web.harness import Heard, Web, listening, web_service


def flips(heard: list[Heard]) -> list[str]:
    """Return what became of A1, in order."""
    return [
        change["occupancy"]
        for event in heard
        if event.kind == "change"
        for change in event.data["changes"]
    ]


async def test_changes_come_with_the_index_as_their_id(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web, listening(web) as listener:
        await listener.until("hello")
        await web.flip(2)
        heard = await listener.until("change", count=2)
        assert flips(heard) == ["occupied", "vacant"]
        ids = [event.id for event in heard]
        assert ids == sorted(ids)
        assert heard[-1].id == heard[-1].data["index"] == (await web.ledger.get()).index


async def test_one_who_comes_back_goes_on_where_he_was(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        await web.flip(3)
        async with listening(web, "?after=0") as listener:
            # Older than the service: read from the ledger.
            heard = await listener.until("change", count=4)
        assert heard[1].data["layouts"] == [{"lot": "north", "version": 1}]
        assert flips(heard) == ["occupied", "vacant", "occupied"]
        middle = heard[2].id
        await web.flip(2)
        async with listening(web, **{"Last-Event-ID": str(middle)}) as listener:
            again = await listener.until("change", count=4)
        assert flips(again) == ["vacant", "occupied", "vacant", "occupied"]
        assert again[1].id > middle


async def test_a_listener_misses_nothing_over_a_fail_over(tmp_path: Path) -> None:
    async with (
        web_service(tmp_path, replica_ids=("a", "b", "c")) as web,
        listening(web) as listener,
    ):
        await listener.until("hello")
        await web.flip(2)
        await web.cluster.stop(await web.cluster.primary())
        await web.flip(3)
        heard = await listener.until("change", count=5)
        assert flips(heard) == ["occupied", "vacant", "occupied", "vacant", "occupied"]
        assert "resync" not in {event.kind for event in heard}


async def test_a_lot_can_be_listened_to_alone(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web, listening(web, "?lot=north") as listener:
        await listener.until("hello")
        await web.flip()
        assert flips(await listener.until("change")) == ["occupied"]


async def test_one_who_is_ahead_of_a_service_is_told_to_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("central.web.routes.events.AHEAD_S", 0.2)
    async with web_service(tmp_path) as web, listening(web, "?after=999999") as listener:
        heard = await listener.until("resync")
        assert heard[-1].id == (await web.ledger.get()).index


async def test_progress_tells_the_age(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("central.web.routes.events.PROGRESS_EVERY_S", 0.1)
    async with web_service(tmp_path) as web, listening(web) as listener:
        heard = await listener.until("progress", count=3)
        assert heard[-1].data["stale"] is False


async def test_no_more_listen_than_may(tmp_path: Path) -> None:
    async with web_service(tmp_path, max_listeners=1) as web:
        async with listening(web) as listener:
            await listener.until("hello")
            assert (await web.problem("/api/v1/events", 503))["detail"]
        # One who left makes room for the next.
        async with asyncio.timeout(DEADLINE):
            while True:
                async with web.http.stream("GET", "/api/v1/events") as response:
                    if response.status_code == 200:
                        return
                await asyncio.sleep(0.05)


async def test_listeners_do_not_hold_up_the_end(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        began = asyncio.Event()
        listener = asyncio.create_task(_listen(web, began))
        await began.wait()
        served_until = asyncio.get_running_loop().time()
    assert await listener == ["hello"]
    assert asyncio.get_running_loop().time() - served_until < DEADLINE


async def _listen(web: Web, began: asyncio.Event) -> list[str]:
    # A client of its own: the harness closes the other one before the service ends.
    async with (
        httpx.AsyncClient(base_url=web.http.base_url, timeout=DEADLINE) as http,
        listening(replace(web, http=http)) as listener,
    ):
        await listener.until("hello")
        began.set()
        async for _ in listener.events:
            pass
        return [event.kind for event in listener.heard]
