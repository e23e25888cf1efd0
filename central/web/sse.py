"""Server-sent events: what is sent of a ledger's event, and the answer that goes on sending.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from central.ledger.records import LedgerEvent
from central.web.answers.events import Change, Condition, Count, EventData, LayoutVersion
from central.web.answers.marks import LedgerMark
from central.web.freshness import Mark
from central.web.instants import text_of

logger = logging.getLogger(__name__)

SLOW_S = 20.0
"""Seconds for which a listener may leave its socket full before it is cut."""


def encode_event(event: LedgerEvent, lot_id: str | None) -> bytes | None:
    """Return a `change` event, of one lot or of all; None if nothing of it concerns the lot."""
    data = EventData(
        index=event.index,
        committed_at=text_of(event.committed_at_us),
        changes=[Change.of(one) for one in event.changes if lot_id in (None, one.lot_id)],
        layouts=[
            LayoutVersion(lot=one.lot_id, version=one.version)
            for one in event.layouts
            if lot_id in (None, one.lot_id)
        ],
        counts=[Count.of_change(one) for one in event.counts if lot_id in (None, one.lot_id)],
        cameras=[Condition.of_change(one) for one in event.cameras if lot_id in (None, one.lot_id)],
    )
    if not (data.changes or data.layouts or data.counts or data.cameras):
        return None
    return encode("change", event.index, data.model_dump_json())


def encode_mark(kind: str, mark: Mark) -> bytes:
    """Return a `hello`, `progress` or `resync` event."""
    return encode(kind, mark.index, LedgerMark.of(mark).model_dump_json())


def encode(kind: str, index: int, data: str) -> bytes:
    """Return one event; `data` is JSON in one line."""
    return f"event: {kind}\nid: {index}\ndata: {data}\n\n".encode()


class EventStream(Response):
    """Sends what `chunks` yields until it ends, the client goes, or the client is too slow."""

    media_type = "text/event-stream"

    def __init__(self, chunks: AsyncGenerator[bytes, None]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the answer."""
        await send(
            {"type": "http.response.start", "status": 200, "headers": self.raw_headers},
        )
        sending = asyncio.current_task()
        assert sending is not None
        leaving = asyncio.create_task(_until_gone(receive))
        leaving.add_done_callback(lambda _: sending.cancel())
        try:
            async with aclosing(self._chunks) as chunks:
                async for chunk in chunks:
                    async with asyncio.timeout(SLOW_S):
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            logger.info("listener is cut: it read nothing for %g s", SLOW_S)
        except asyncio.CancelledError:
            if not leaving.done():
                raise
        finally:
            leaving.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
