"""Keeps a stream to one of the processors, for as long as the source gives frames."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

import grpc.aio

from edge.complaints import Complaints
from edge.conditions import Conditions
from edge.encoder import Encoder
from edge.frames import CapturedFrame
from edge.homing import Homing
from edge.laned_call import LanedCall
from edge.outbox import Outbox
from edge.realign import Proposals
from edge.refusals import Refusal, explain
from edge.session import FellSilent, Limits, Phase, Session, Signal, StreamBroken
from edge.wire import CHANNEL_OPTIONS, Hello, StreamFailed, Welcome, open_stream, ping
from node.address import Address
from node.backoff import Backoff
from node.errors import UsageError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Connection:
    """A processor that has welcomed this camera. rank: its place in the order of preference."""

    rank: int
    address: Address
    channel: grpc.aio.Channel
    call: LanedCall
    session: Session
    welcome: Welcome


async def _hang_up(call: LanedCall, channel: grpc.aio.Channel) -> None:
    call.cancel()
    await channel.close()


class Uplink:
    """Tries the processors in order; after a full round of failures it waits, jittered.

    A stream that breaks after having served begins a new round with the first processor, one that
    fell silent being asked last; and while it is with another it looks for the first again. The
    hello keeps its boot id throughout, and the outbox its sequence.
    """

    def __init__(
        self,
        hello: Hello,
        processors: Sequence[Address],
        *,
        outbox: Outbox[CapturedFrame],
        conditions: Conditions,
        proposals: Proposals | None = None,
        encoder: Encoder,
        backoff: Backoff,
        limits: Limits | None = None,
        homing: Homing | None = None,
    ) -> None:
        self._hello = hello
        self._processors = tuple(processors)
        self._outbox = outbox
        self._conditions = conditions
        self._proposals = proposals or Proposals()
        self._encoder = encoder
        self._backoff = backoff
        self._limits = limits or Limits.among(len(self._processors))
        self._homing = homing or Homing()
        self._signal = Signal()
        self._complaints = Complaints()
        self._silent_rank: int | None = None  # of a processor that fell silent just now

    def frame_waiting(self) -> None:
        """Say that the outbox has a new frame. Event loop only."""
        self._signal.set()

    def condition_changed(self) -> None:
        """Say that `conditions` or `proposals` has something new. Event loop only."""
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
        for rank in self._order():
            acked = self._outbox.counts.acked
            connection = await self._connect(rank)
            while connection is not None:
                connection = await self._serve(connection)
            # Served means acked: a processor that welcomes and breaks must not be tried in a
            # loop without delay.
            if self._outbox.counts.acked > acked or self._is_done():
                return True
        return False

    def _order(self) -> list[int]:
        """Return whom to ask, by preference: a welcome of one that hangs would be waited for."""
        silent, self._silent_rank = self._silent_rank, None
        return sorted(range(len(self._processors)), key=lambda rank: (rank == silent, rank))

    async def _pause(self, delay: float) -> None:
        if self._signal.phase is not Phase.RUNNING:
            await asyncio.sleep(delay)
            return
        try:
            async with asyncio.timeout(delay):
                await self._signal.ending.wait()
        except TimeoutError:
            pass

    async def _connect(self, rank: int) -> Connection | None:
        """Greet one processor; None, and said why, if it does not take this camera."""
        address = self._processors[rank]
        channel = grpc.aio.insecure_channel(str(address), options=CHANNEL_OPTIONS)
        call = open_stream(channel, address.host)
        session = Session(
            call,
            outbox=self._outbox,
            conditions=self._conditions,
            proposals=self._proposals,
            encoder=self._encoder,
            signal=self._signal,
            limits=self._limits,
            complaints=self._complaints,
            ping=lambda: ping(channel, timeout=self._limits.ack_s),
        )
        try:
            welcome = await session.greet(self._hello)
        except (StreamFailed, StreamBroken) as error:
            await _hang_up(call, channel)
            self._explain(address, error)
            return None
        except BaseException:
            await _hang_up(call, channel)
            raise
        return Connection(rank, address, channel, call, session, welcome)

    async def _serve(self, connection: Connection) -> Connection | None:
        """Stream until that ends, and say why it did.

        Returns the connection to a better processor if one has turned up meanwhile.
        """
        self._note_welcome(connection.address, connection.welcome)
        homing = asyncio.create_task(self._find_better(connection))
        try:
            await connection.session.run(connection.welcome)
        except (StreamFailed, StreamBroken) as error:
            self._homing.broke(now=time.monotonic())
            if isinstance(error, FellSilent):
                self._silent_rank = connection.rank
            self._explain(connection.address, error)
        finally:
            # What was in flight is gone, and never sent again: see outbox.py.
            if lost := self._outbox.close():
                logger.info("lost frames=%s processor=%s", lost, connection.address)
            await _hang_up(connection.call, connection.channel)
            homing.cancel()
            (better,) = await asyncio.gather(homing, return_exceptions=True)
        if isinstance(better, Exception):
            raise better
        if not isinstance(better, Connection):
            return None
        self._homing.returned(now=time.monotonic())
        return better

    async def _find_better(self, current: Connection) -> Connection | None:
        """Look now and then for a processor that ranks before the current one.

        Its welcome shows that it is well: it has a ledger and knows this camera. Only then the
        current one is asked to finish, so that a return loses no frame.
        """
        while current.rank:
            await asyncio.sleep(self._homing.next_delay())
            for rank in range(current.rank):
                better = await self._connect(rank)
                if better is not None:
                    logger.info("returning processor=%s", better.address)
                    current.session.hand_over()
                    return better
        return None

    def _explain(self, address: Address, error: StreamFailed | StreamBroken) -> None:
        """Say once why a stream ended; raises UsageError if this camera can never stream."""
        if isinstance(error, StreamBroken):
            refusal = Refusal(f"processor {address} {error}; trying on")
        else:
            refusal = explain(
                error.code,
                error.details,
                processor=str(address),
                camera_id=self._hello.camera_id,
            )
        if refusal.fatal:
            raise UsageError(refusal.text)
        if self._complaints.is_news(address, refusal.text, now=time.monotonic()):
            logger.warning("%s", refusal.text)

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
