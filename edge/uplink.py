"""Keeps a stream to one of the processors, for as long as the source gives frames."""

import asyncio
import logging
import time
from collections.abc import Sequence

import grpc.aio

from edge.complaints import Complaints
from edge.conditions import Conditions
from edge.encoder import Encoder
from edge.frames import CapturedFrame
from edge.outbox import Outbox
from edge.refusals import Refusal, explain
from edge.session import Limits, Phase, Session, Signal, StreamBroken
from edge.wire import CHANNEL_OPTIONS, Hello, StreamFailed, Welcome, open_stream
from node.address import Address
from node.backoff import Backoff
from node.errors import UsageError

logger = logging.getLogger(__name__)


class Uplink:
    """Tries the processors in order; after a full round of failures it waits, jittered.

    A stream that breaks after having served begins a new round with the first processor. The
    hello keeps its boot id throughout, and the outbox its sequence.
    """

    def __init__(
        self,
        hello: Hello,
        processors: Sequence[Address],
        *,
        outbox: Outbox[CapturedFrame],
        conditions: Conditions,
        encoder: Encoder,
        backoff: Backoff,
        limits: Limits | None = None,
    ) -> None:
        self._hello = hello
        self._processors = tuple(processors)
        self._outbox = outbox
        self._conditions = conditions
        self._encoder = encoder
        self._backoff = backoff
        self._limits = limits or Limits()
        self._signal = Signal()
        self._complaints = Complaints()

    def frame_waiting(self) -> None:
        """Say that the outbox has a new frame. Event loop only."""
        self._signal.set()

    def condition_changed(self) -> None:
        """Say that `conditions` has something new to report. Event loop only."""
        self._signal.set()

    def drain(self) -> None:
        """No more frames will come: run() returns when the last one is acked."""
        self._signal.end(Phase.DRAINING)

    def close(self) -> None:
        """Send nothing more: run() returns as soon as the stream is closed."""
        self._signal.end(Phase.CLOSING)

    async def run(self) -> None:
        """Stream until drain() or close(); raises UsageError if this camera can never stream."""
        while not self._is_done():
            if await self._one_round():
                self._backoff.reset()
            else:
                await self._pause(self._backoff.next_delay())

    def _is_done(self) -> bool:
        if self._signal.phase is Phase.DRAINING:
            return self._outbox.idle
        return self._signal.phase is Phase.CLOSING

    async def _one_round(self) -> bool:
        """Try each processor until one has served; False if none did."""
        for address in self._processors:
            acked = self._outbox.counts.acked
            await self._attempt(address)
            # Served means acked: a processor that welcomes and breaks must not be tried in a
            # loop without delay.
            if self._outbox.counts.acked > acked or self._is_done():
                return True
        return False

    async def _pause(self, delay: float) -> None:
        if self._signal.phase is not Phase.RUNNING:
            await asyncio.sleep(delay)
            return
        try:
            async with asyncio.timeout(delay):
                await self._signal.ending.wait()
        except TimeoutError:
            pass

    async def _attempt(self, address: Address) -> None:
        """Stream to one processor until that ends, and say why it did."""
        try:
            async with grpc.aio.insecure_channel(str(address), options=CHANNEL_OPTIONS) as channel:
                await self._stream(address, channel)
        except StreamFailed as error:
            refusal = explain(
                error.code,
                error.details,
                processor=str(address),
                camera_id=self._hello.camera_id,
            )
        except StreamBroken as error:
            refusal = Refusal(f"processor {address} {error}; trying on")
        else:
            return
        finally:
            # What was in flight is gone, and never sent again: see outbox.py.
            if lost := self._outbox.close():
                logger.info("lost frames=%s processor=%s", lost, address)
        if refusal.fatal:
            raise UsageError(refusal.text)
        if self._complaints.is_news(address, refusal.text, now=time.monotonic()):
            logger.warning("%s", refusal.text)

    async def _stream(self, address: Address, channel: grpc.aio.Channel) -> None:
        call = open_stream(channel)
        session = Session(
            call,
            outbox=self._outbox,
            conditions=self._conditions,
            encoder=self._encoder,
            signal=self._signal,
            limits=self._limits,
            complaints=self._complaints,
        )
        try:
            self._note_welcome(address, await session.greet(self._hello))
            await session.run()
        finally:
            call.cancel()

    def _note_welcome(self, address: Address, welcome: Welcome) -> None:
        # Whatever any processor does wrong from now on is news.
        for processor in self._processors:
            self._complaints.settle(processor)
        logger.info(
            "streaming processor=%s processor_id=%s credits=%s layout_version=%s %s",
            address,
            welcome.processor_id,
            welcome.credit,
            welcome.layout_version,
            self._outbox.counts,
        )
