"""One camera's stream: newest frame wins, one in work, answers in order.

Knows no gRPC: `Transport` is the rim.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from central.processor.ack_order import AckOrder
from central.processor.camera_view import CameraView
from central.processor.clock import Clock
from central.processor.frames import CameraWord, Frame, Hello, Verdict
from central.processor.pipeline import Workers
from central.processor.realign import Proposal
from central.processor.refusal import Refused, invalid, too_many
from central.processor.session import CameraSession
from central.processor.settings import StreamLimits

logger = logging.getLogger(__name__)

MAX_SEQUENCE = 2**63
"""The wire has unsigned 64-bit numbers, the ledger's disk has signed ones."""


class StreamGone(Exception):
    """The camera is no longer there to be answered."""


class Transport(Protocol):
    """The two directions of a stream after the hello."""

    async def read(self) -> Frame | CameraWord | Proposal | None:
        """Return the next message, None once the camera has ended; raises Refused for nonsense."""
        ...

    async def read_beside(self) -> Frame | CameraWord | Proposal | None:
        """As `read`, of what comes on the stream's lane; while it has none, wait."""
        ...

    async def answer(self, sequence: int, verdict: Verdict) -> None:
        """Send one ack; raises StreamGone."""
        ...

    async def replan(self, view: CameraView) -> None:
        """Tell a camera that cuts strips its new regions; raises StreamGone."""
        ...


Read = Callable[[], Awaitable[Frame | CameraWord | Proposal | None]]
"""One of a transport's two ways of reading."""


class CameraStream:
    """`run()` from welcome to end; `end()` from outside."""

    def __init__(
        self,
        hello: Hello,
        *,
        workers: Workers,
        transport: Transport,
        limits: StreamLimits,
        clock: Clock,
    ) -> None:
        self.hello = hello
        self.heard_at = clock.monotonic()
        self.ended = asyncio.Event()
        self.told = 0  # id of the plan that the camera was last told
        self._workers = workers
        self._transport = transport
        self._limits = limits
        self._clock = clock
        self._order = AckOrder(limits.unanswered)
        self._answering = asyncio.Lock()  # fair: answers leave as they were decided
        self._last_sequence = 0
        self._waiting: Frame | None = None
        self._waits_since = 0.0
        self._arrived = asyncio.Event()  # a frame waits, or none will come any more
        self._moved = asyncio.Event()  # the session may have another view
        self._no_more = False
        self._ending: asyncio.Future[Refused] = asyncio.get_running_loop().create_future()

    def end(self, reason: Refused) -> None:
        """Ask the stream to finish the frame in work and end with that status."""
        if not self._ending.done():
            self._ending.set_result(reason)

    def quiet_for(self, now: float) -> float:
        """Return the seconds since the camera last sent anything."""
        return now - self.heard_at

    async def run(self, session: CameraSession) -> None:
        """Serve the stream; returns when the camera ends it, raises Refused when we do."""
        reader = asyncio.create_task(self._read(session, self._transport.read))
        beside = asyncio.create_task(self._read(session, self._transport.read_beside))
        worker = asyncio.create_task(self._work(session))
        teller = asyncio.create_task(self._tell_plans(session))
        tasks = (reader, beside, worker, teller)
        session.on_view = self._moved.set
        try:
            awaited: set[asyncio.Future[Any]] = {*tasks, self._ending}
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()  # raises what it raised
            reader.cancel()
            beside.cancel()
            await self._drain(worker)
        except StreamGone:
            logger.info("camera went away camera=%s", self.hello.camera_id)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.ended.set()
        if self._ending.done():
            raise self._ending.result()

    async def _drain(self, worker: asyncio.Task[None]) -> None:
        self._no_more = True
        self._arrived.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.drain_seconds):
                await worker

    async def _read(self, session: CameraSession, read: Read) -> None:
        # A frame is let go of before the next is waited for: it is large, and that may take long.
        while await self._read_one(session, read):
            pass

    async def _read_one(self, session: CameraSession, read: Read) -> bool:
        """Take the next message; return False if there will be none."""
        message = await read()
        if message is None:
            return False
        self.heard_at = self._clock.monotonic()
        if isinstance(message, CameraWord):
            session.hear(message, now=self.heard_at)
            return True
        if isinstance(message, Proposal):
            session.propose(message)
            return True
        self._check(message)
        self._order.received(message.sequence)
        shed, self._waiting = self._waiting, message
        self._waits_since = self.heard_at
        self._arrived.set()
        if shed is not None:
            await self._answer(shed.sequence, session.shed(shed))
        return True

    def _check(self, frame: Frame) -> None:
        if not self._last_sequence < frame.sequence < MAX_SEQUENCE:
            raise invalid(
                f"frame sequence {frame.sequence} came after {self._last_sequence}: "
                "sequences begin at 1 and increase within a stream"
            )
        self._last_sequence = frame.sequence
        if len(frame.jpeg) > self._limits.max_frame_bytes:
            raise too_many(
                f"frame {frame.sequence} has {len(frame.jpeg)} bytes of JPEG, the limit is "
                f"{self._limits.max_frame_bytes}: lower the camera's --quality or picture size"
            )
        if frame.width < 1 or frame.height < 1:
            raise invalid(f"frame {frame.sequence} states no size: {frame.width}x{frame.height}")
        if self._order.full:
            raise invalid(
                f"{self._limits.unanswered} frames are unanswered where the welcome gave "
                f"{self._limits.credits} credits"
            )

    async def _work(self, session: CameraSession) -> None:
        await self._arrived.wait()
        while self._waiting is not None:  # else no more will come
            await self._work_one(session)
            await self._arrived.wait()

    async def _work_one(self, session: CameraSession) -> None:
        """Classify and answer the frame that waits once it has its turn."""
        async with self._workers.turn:
            frame, self._waiting = self._waiting, None
            assert frame is not None
            came = self._waits_since
            if not self._no_more:
                self._arrived.clear()
            view = session.view
            looks = session.looks
            result = session.distrusted or await self._workers.classify(view, frame, looks)
        now = self._clock.monotonic()
        verdict = session.observe(self.hello.boot_id, frame, view, result, now=now)
        session.metrics.took(now - came)
        await self._answer(frame.sequence, verdict)

    async def _tell_plans(self, session: CameraSession) -> None:
        while True:
            self._moved.clear()
            view = session.view
            if self.hello.cuts_strips and view.plan_id != self.told:
                self.told = view.plan_id
                async with self._answering:
                    await self._transport.replan(view)
            await self._moved.wait()

    async def _answer(self, sequence: int, verdict: Verdict) -> None:
        ready = self._order.decide(sequence, verdict)
        async with self._answering:
            for answered, its_verdict in ready:
                await self._transport.answer(answered, its_verdict)
