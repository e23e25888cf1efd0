"""One stream to one processor, from welcome to end."""

import asyncio
import contextlib
import enum
import logging
import math
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

from edge.complaints import Complaints
from edge.conditions import Condition, Conditions
from edge.encoder import Encoder
from edge.frames import CapturedFrame, EncodedFrame
from edge.laned_call import LanedCall
from edge.outbox import Numbered, Outbox, UnexpectedAck
from edge.plan import CutPlan
from edge.pulse import Pulse
from edge.realign import Proposals
from edge.silence import Patience
from edge.wire import (
    DISTRUSTED,
    CannotWrite,
    ContractBroken,
    Hello,
    Welcome,
    read_answer,
    read_welcome,
    write_condition,
    write_frame,
    write_hello,
    write_realign,
)

logger = logging.getLogger(__name__)


class StreamBroken(Exception):
    """The stream cannot go on, for a reason that gRPC does not know."""


class FellSilent(StreamBroken):
    """The processor hangs: it gives no sign of life."""


class Phase(enum.Enum):
    """RUNNING: send what comes. DRAINING: nothing more comes. CLOSING: send nothing more."""

    RUNNING = "running"
    DRAINING = "draining"
    CLOSING = "closing"


class Signal:
    """What wakes the sender: a frame, an ack, a condition, a change of phase. Event loop only."""

    def __init__(self) -> None:
        self.phase = Phase.RUNNING
        self.ending = asyncio.Event()
        self._news = asyncio.Event()

    def set(self) -> None:
        """Something happened."""
        self._news.set()

    def end(self, phase: Phase) -> None:
        """Enter `phase`."""
        self.phase = phase
        self.ending.set()
        self._news.set()

    async def wait(self, timeout: float | None) -> None:
        """Wait for what happens after the last `clear`; TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout):
            await self._news.wait()

    def clear(self) -> None:
        """Forget what happened: the caller is about to look."""
        self._news.clear()


@dataclass(frozen=True)
class Limits:
    """Seconds to wait for a welcome, for an ack, and for the other side's good-bye.

    silence: for a sign of life while an ack is owed; None: for no less than an ack.
    """

    welcome_s: float = 5.0
    ack_s: float = 15.0
    goodbye_s: float = 0.5
    silence: Patience | None = None

    @classmethod
    def among(cls, processors: int, *, picture_s: float = math.inf) -> Self:
        """Return the patience to have with one of so many: with others waiting, less of it.

        picture_s: seconds between whole pictures, where strips are sent.
        """
        if processors < 2:
            return cls()
        rarest_s = picture_s if math.isfinite(picture_s) else 0.0
        patience = Patience(remembered_s=max(Patience.remembered_s, 2 * rarest_s))
        return cls(welcome_s=1.5, ack_s=5.0, silence=patience)


class Session:
    """Sends while credits last; every ack gives one back. Leaves closing the outbox to others."""

    def __init__(
        self,
        call: LanedCall,
        *,
        outbox: Outbox[CapturedFrame],
        conditions: Conditions,
        proposals: Proposals,
        encoder: Encoder,
        signal: Signal,
        limits: Limits,
        complaints: Complaints,
        ping: Callable[[], Awaitable[bool]],
    ) -> None:
        self._call = call
        self._outbox = outbox
        self._conditions = conditions
        self._proposals = proposals
        self._told = 0  # number of the last report that this processor got
        self._encoder = encoder
        self._signal = signal
        self._limits = limits
        self._complaints = complaints
        self._max_frame_bytes = 0
        self._leaving = False
        self._pulse = None if limits.silence is None else self._listen_to(limits.silence, ping)

    def _listen_to(self, patience: Patience, ping: Callable[[], Awaitable[bool]]) -> Pulse:
        return Pulse(patience, ping=ping, owed_since=lambda: self._outbox.oldest_sent_at)

    async def greet(self, hello: Hello) -> Welcome:
        """Exchange hello and welcome; nothing flows before run().

        Raises StreamBroken, StreamFailed.
        """
        try:
            async with asyncio.timeout(self._limits.welcome_s):
                # If the hello cannot be written, the read below says why.
                with contextlib.suppress(CannotWrite):
                    await write_hello(self._call, hello)
                welcome = await read_welcome(self._call)
        except TimeoutError:
            raise StreamBroken(f"gave no answer in {self._limits.welcome_s:g} s") from None
        except ContractBroken as error:
            raise StreamBroken(f"does not keep to the protocol: {error}") from error
        if welcome is None:
            raise StreamBroken("ended the stream")
        return welcome

    def hand_over(self) -> None:
        """Send no more and end once all is acked: another session waits to go on."""
        self._leaving = True
        self._signal.set()

    async def run(self, welcome: Welcome) -> None:
        """Send and receive until the phase, or hand_over(), says that all is done.

        Raises StreamBroken or StreamFailed if the stream ends before that, FellSilent if the
        processor seems to hang.
        """
        self._max_frame_bytes = welcome.max_frame_bytes
        self._outbox.open(welcome.credit)
        self._encoder.begin(welcome.plan)
        sender = asyncio.create_task(self._send())
        receiver = asyncio.create_task(self._receive())
        silence = asyncio.create_task(self._fall_silent())
        tasks = (sender, receiver, silence)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if silence.done():
                silence.result()
            if not sender.done():
                receiver.result()
                raise StreamBroken("ended the stream")
            all_sent = sender.result()
            # Let the other side take leave, or say what broke the stream.
            await asyncio.wait({receiver}, timeout=self._limits.goodbye_s)
            if not all_sent:
                if receiver.done():
                    receiver.result()
                raise StreamBroken("broke the stream")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _fall_silent(self) -> None:
        if self._pulse is None:
            await asyncio.Event().wait()
            return
        raise FellSilent(f"gave no sign of life for {await self._pulse.stopped():.1f} s")

    async def _send(self) -> bool:
        """Send until the phase ends it; False if the stream ended under it."""
        try:
            while self._signal.phase is not Phase.CLOSING:
                self._signal.clear()
                # First, so that no frame is taken for a good one that was known not to be.
                if self._conditions.report.number != self._told:
                    await self._send_condition()
                elif (proposal := self._proposals.take()) is not None:
                    await self._in_time(write_realign(self._call, proposal))
                elif self._leaving and not self._outbox.in_flight:
                    break
                elif not self._leaving and (numbered := self._outbox.take()) is not None:
                    await self._send_frame(numbered)
                    del numbered  # a picture of megabytes, and the next one may be long in coming
                elif self._signal.phase is Phase.DRAINING and self._outbox.idle:
                    break
                else:
                    await self._wait_for_news()
        except CannotWrite:
            return False
        await self._call.done_writing()
        return True

    async def _send_frame(self, numbered: Numbered[CapturedFrame]) -> None:
        taken_at = time.monotonic()
        encoded = await self._encode(numbered)
        if encoded is None:
            return
        # Before the write: the ack may be read before the write returns.
        encoded_at = time.monotonic()
        self._outbox.sent(now=encoded_at)
        await self._in_time(
            write_frame(
                self._call,
                encoded,
                sequence=numbered.sequence,
                dropped_total=self._outbox.counts.dropped,
            )
        )
        # Where a frame's time goes; `python -m benchmarks camera` reads it.
        frame = numbered.item
        stamps = (frame.grabbed_at, frame.ready_at, taken_at, encoded_at, time.monotonic())
        logger.debug(
            "sent sequence=%d ms: picture=%.1f slot=%.1f encode=%.1f write=%.1f",
            numbered.sequence,
            *(1000 * (later - earlier) for earlier, later in pairwise(stamps)),
        )

    async def _encode(self, numbered: Numbered[CapturedFrame]) -> EncodedFrame | None:
        """Return what is sent of a frame; None, and refused, if nothing may be."""
        encoded = await asyncio.to_thread(
            self._encoder.encode,
            numbered.item,
            sequence=numbered.sequence,
            now=time.monotonic(),
            distrusted=self._conditions.report.condition is not Condition.OK,
        )
        if encoded is None:
            self._refuse(
                "plan",
                "the processor told no regions to cut, and whole pictures may not be sent: draw "
                "this camera's regions, or allow --send auto without --private",
            )
            return None
        self._complaints.settle("plan")
        if len(encoded.jpeg) > self._max_frame_bytes:
            self._encoder.answered(numbered.sequence, taken=False)
            self._refuse(
                "size",
                f"frames are larger than the processor takes ({encoded.width}x{encoded.height}, "
                f"limit {self._max_frame_bytes} bytes) and are not sent: "
                "lower --quality or --max-width",
            )
            return None
        return encoded

    def _refuse(self, subject: str, text: str) -> None:
        self._outbox.refuse()
        self._complain(subject, text)

    async def _send_condition(self) -> None:
        report = self._conditions.report
        await self._in_time(write_condition(self._call, report))
        self._told = report.number

    async def _in_time(self, write: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(self._limits.ack_s):
                await write
        except TimeoutError:
            raise self._stalled() from None

    async def _wait_for_news(self) -> None:
        timeout = None
        if (oldest := self._outbox.oldest_sent_at) is not None:
            timeout = max(0.0, oldest + self._limits.ack_s - time.monotonic())
        try:
            await self._signal.wait(timeout)
        except TimeoutError:
            raise self._stalled() from None

    def _stalled(self) -> StreamBroken:
        return StreamBroken(f"acked no frame in {self._limits.ack_s:g} s")

    async def _receive(self) -> None:
        try:
            while (answer := await read_answer(self._call)) is not None:
                if self._pulse is not None:
                    self._pulse.heard()
                if isinstance(answer, CutPlan):
                    self._note_plan(answer)
                    continue
                self._outbox.ack(answer.sequence, classified=answer.taken)
                self._encoder.answered(
                    answer.sequence, taken=answer.taken, doubtful=answer.doubtful
                )
                self._signal.set()
                self._note_fault(answer.fault)
        except (ContractBroken, UnexpectedAck) as error:
            raise StreamBroken(f"does not keep to the protocol: {error}") from error

    def _note_plan(self, plan: CutPlan) -> None:
        logger.info("plan layout_version=%d regions=%d", plan.layout_version, len(plan.regions))
        self._encoder.begin(plan)

    def _note_fault(self, fault: str) -> None:
        if not fault or fault.startswith(DISTRUSTED):  # the camera's own word, said already
            self._complaints.settle("fault")
        else:
            self._complain("fault", f"the processor could not use a frame: {fault}")

    def _complain(self, subject: str, text: str) -> None:
        if self._complaints.is_news(subject, text, now=time.monotonic()):
            logger.warning("%s", text)
