"""Live events: everything that commits, in order, resumable by index."""

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response

from central.ledger.interface import LedgerError
from central.web.answers.events import EventData
from central.web.problems import Problem, away
from central.web.reading import unknown_lot
from central.web.routes.parameters import problems
from central.web.site import Site
from central.web.sse import EventStream, encode_event, encode_mark

PROGRESS_EVERY_S = 5.0
MAX_CATCHING_UP = 4
"""Listeners that read older events from the ledger at a time; others are told to resync."""
MAX_BEHIND = 50_000
"""Entries that a listener may be behind and still catch up instead of reading the state anew."""
AHEAD_S = 5.0

MAX_INDEX = (1 << 63) - 1

_DESCRIPTION = """\
Server-sent events; `id` is the applied index of the ledger. To miss nothing: read the state, then
listen with `after` = its `ledger.index`. A browser that reconnects sends `Last-Event-ID` by itself.

- `hello`: the stream begins; data: a mark (`index`, `age_ms`, `stale`)
- `change`: what one index changed; data: see the schema
- `progress`: every 5 s, how far and how old the service's view is; data: a mark
- `resync`: events were missed (too long away, or too slow): read the state anew; data: a mark
"""


def router(site: Site) -> APIRouter:
    """Return the route."""
    routes = APIRouter(tags=["live"], responses=problems(404, 422, 503))
    catching_up = asyncio.Semaphore(MAX_CATCHING_UP)

    @routes.get(
        "/events",
        response_class=Response,
        responses={
            200: {
                "description": _DESCRIPTION,
                "content": {"text/event-stream": {"schema": EventData.model_json_schema()}},
            }
        },
    )
    async def events(
        lot: Annotated[str | None, Query(description="only this lot", max_length=64)] = None,
        after: Annotated[
            int | None, Query(description="begin after this index", ge=0, le=MAX_INDEX)
        ] = None,
        last_event_id: Annotated[
            str | None, Header(description="as `after`, and before it", max_length=20)
        ] = None,
    ) -> Response:
        """Listen to what commits."""
        if lot is not None and lot not in site.view.lots:
            raise unknown_lot(lot)
        if site.hub.listeners >= site.settings.max_listeners:
            raise away(f"{site.hub.listeners} listen already: try another node")
        place = _place(last_event_id) if last_event_id else after
        return EventStream(_Listener(site, catching_up, lot).chunks(place))

    return routes


def _place(last_event_id: str) -> int:
    if not last_event_id.isascii() or not last_event_id.isdigit():
        raise Problem.of(
            422, "bad-value", f"Last-Event-ID '{last_event_id[:20]}': give the id of an event"
        )
    return min(int(last_event_id), MAX_INDEX)


class _Listener:
    """One who listens: a place in the hub's ring, and nothing that grows."""

    def __init__(self, site: Site, catching_up: asyncio.Semaphore, lot_id: str | None) -> None:
        self._site = site
        self._hub = site.hub
        self._catching_up = catching_up
        self._lot_id = lot_id
        self._place = 0
        self._generation = site.hub.generation
        self._shard = site.hub.listeners

    async def chunks(self, place: int | None) -> AsyncGenerator[bytes, None]:
        """Yield what is to be sent, until the hub is closed."""
        self._hub.listeners += 1
        try:
            self._place = self._hub.index if place is None else place
            yield b"retry: 1000\n\n" + encode_mark("hello", self._site.mark_at(self._place))
            if self._place > self._hub.index and not await self._reached():
                yield self._resync()
            async for data in self._older():
                yield data
            async for data in self._live():
                yield data
        finally:
            self._hub.listeners -= 1

    async def _live(self) -> AsyncGenerator[bytes, None]:
        told = time.monotonic()
        while not self._hub.closed:
            if time.monotonic() - told >= PROGRESS_EVERY_S:
                told = time.monotonic()
                yield encode_mark("progress", self._site.mark_at(self._place))
            piece = self._hub.piece(self._place, self._lot_id)
            if self._generation != self._hub.generation or (piece is not None and piece.missed):
                yield self._resync()
            elif piece is None:
                quiet_s = max(0.0, told + PROGRESS_EVERY_S - time.monotonic())
                await self._hub.more(timeout=quiet_s, shard=self._shard)
            else:
                self._place = piece.through
                if piece.data:
                    yield piece.data

    async def _older(self) -> AsyncGenerator[bytes, None]:
        """Yield what the ring no longer holds, from the ledger, if that is not too much."""
        behind = self._hub.index - self._place
        if self._place >= self._hub.floor or behind > MAX_BEHIND or self._catching_up.locked():
            return  # in the ring, or the ring will tell that events are missing
        async with self._catching_up:
            lot_ids = (self._lot_id,) if self._lot_id else ()
            watch = self._site.ledger.watch(self._place, lot_ids=lot_ids)
            try:
                async for event in watch:
                    data = encode_event(event, self._lot_id)
                    self._place = event.index
                    if data is not None:
                        yield data
                    if self._place >= self._hub.floor or self._hub.closed:
                        return
            except LedgerError:
                return  # the ring will tell

    async def _reached(self) -> bool:
        """Wait until the view is where the listener was: another node may have been ahead."""
        deadline = time.monotonic() + AHEAD_S
        while self._hub.index < self._place:
            left = deadline - time.monotonic()
            if left <= 0 or self._hub.closed:
                return False
            await self._hub.more(timeout=min(left, 0.1), shard=self._shard)
        return True

    def _resync(self) -> bytes:
        self._place = self._hub.index
        self._generation = self._hub.generation
        return encode_mark("resync", self._site.mark_at(self._place))
