"""An append stream as a gRPC call: it carries requests and acks, or leaves that to a lane."""

import asyncio
from collections import deque
from typing import Any

import grpc

from central.ledger.replica.replica import Replica
from central.ledger.services.append_lanes import Lanes
from central.ledger.services.append_service import MAX_IN_WORK, Appending
from central.ledger.wire.channels import Context
from central.ledger.wire.columns import METADATA
from protos import parking_pb2


async def serve_appends(replica: Replica, context: Context, lanes: Lanes) -> None:
    """Return when the client has said all and is answered. Raises what a request came to."""
    call = _AppendCall(Appending(replica), context)
    with lanes.offering(call.appending) as metadata:
        await call.serve((METADATA, *metadata))


class _AppendCall:
    """What it has not said yet is bounded: at most `MAX_IN_WORK` acks, then it reads no more."""

    def __init__(self, appending: Appending, context: Context) -> None:
        self.appending = appending
        self._context = context
        self._unsaid: deque[parking_pb2.AppendResponse] = deque()
        self._changed = asyncio.Event()
        self._room = asyncio.Event()

    def answer(self, response: parking_pb2.AppendResponse) -> None:
        self._unsaid.append(response)
        self._changed.set()

    def go_on(self) -> None:
        self._room.set()
        self._changed.set()

    async def serve(self, metadata: tuple[tuple[str, str], ...]) -> None:
        await self._context.send_initial_metadata(metadata)
        reader = asyncio.create_task(self._read())
        for end in (reader, self.appending.over):
            end.add_done_callback(lambda _: self._changed.set())
        try:
            await self._answer_all(reader)
            await reader
        finally:
            reader.cancel()
            self.appending.close()

    async def _answer_all(self, reader: "asyncio.Task[None]") -> None:
        """Write until nothing more can come."""
        while True:
            while self._unsaid:
                await self._context.write(self._unsaid.popleft())
                self._room.set()
            if self.appending.over.done():
                self.appending.over.result()
            if reader.done() and self.appending.is_idle:
                return
            self._changed.clear()
            await self._changed.wait()

    async def _read(self) -> None:
        while (request := await self._next()) is not None:
            self.appending.take(request, self)
            while self.appending.is_full or len(self._unsaid) >= MAX_IN_WORK:
                self._room.clear()
                await self._room.wait()

    async def _next(self) -> parking_pb2.AppendRequest | None:
        request: Any = await self._context.read()
        return None if request is grpc.aio.EOF else request
