"""A processor that does what a test tells it: ack, hold acks back, refuse, break, die.

`python -m tests.edge.fake_processor PORT` runs one that acks all and prints what it gets.
"""

import asyncio
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Self

import grpc
import grpc.aio

from node.address import Address
from protos import video_stream_pb2 as pb
from protos import video_stream_pb2_grpc as pb_grpc

Context = grpc.aio.ServicerContext[pb.CameraMessage, pb.ProcessorMessage]

DEADLINE_S = 60.0


class FakeProcessor(pb_grpc.VideoStreamServiceServicer):
    """Change the attributes while it runs; `until` waits for what has arrived."""

    def __init__(self, *, credit: int = 2, max_frame_bytes: int = 8_000_000) -> None:
        self.credit = credit
        self.max_frame_bytes = max_frame_bytes
        self.refuse_with: tuple[grpc.StatusCode, str] | None = None
        self.welcomes = True
        self.acks = True
        self.outcome = pb.FRAME_OUTCOME_CLASSIFIED
        self.doubtful: tuple[int, ...] = ()  # places, in every ack
        self.hellos: list[pb.CameraHello] = []
        self.frames: list[pb.Frame] = []
        self.strips: list[pb.Strip] = []
        self.plan: pb.CutPlan | None = None  # told in the welcome
        self.conditions: list[pb.ConditionReport] = []
        self.ends: list[str] = []
        self.unacked = 0
        self.most_unacked = 0
        self._leaving = 0  # acks that may have arrived though we do not know yet that they left
        self.echo = False
        self.hangs = False
        self.reads = True  # False: takes nothing off a stream that begins now
        self.pings = 0
        self._breaks = asyncio.Event()
        self._open: list[Context] = []
        self._writing = asyncio.Lock()  # gRPC takes one message of a stream at a time
        self._changed = asyncio.Condition()
        self._server: grpc.aio.Server | None = None
        self.address = Address("127.0.0.1", 0)

    async def start(self, port: int = 0) -> Self:
        """Listen on `port` of the loopback, any free one if 0."""
        self._server = grpc.aio.server(
            options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 64 << 20)]
        )
        pb_grpc.add_VideoStreamServiceServicer_to_server(self, self._server)
        bound = self._server.add_insecure_port(f"127.0.0.1:{port}")
        self.address = Address("127.0.0.1", bound)
        await self._server.start()
        return self

    async def kill(self) -> None:
        """Stop at once: streams break, the port is closed."""
        if self._server is not None:
            await self._server.stop(grace=None)
            self._server = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    @property
    def received(self) -> list[int]:
        """The sequence numbers of all frames and strips, in the order of arrival of each kind."""
        return [one.sequence for one in self.frames] + [one.sequence for one in self.strips]

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until `reached()`; TimeoutError after DEADLINE_S."""
        async with asyncio.timeout(DEADLINE_S), self._changed:
            await self._changed.wait_for(reached)

    async def freeze(self) -> None:
        """Do as a process does that was stopped: connections stay, nothing is read or answered."""
        self.welcomes = self.acks = False
        self.hangs = True
        await self._notify()

    async def thaw(self) -> None:
        """Go on as a process does that was continued."""
        self.welcomes = self.acks = True
        self.hangs = False
        await self._notify()

    async def let_acks_go(self) -> None:
        """End withholding."""
        self.acks = True
        await self._notify()

    async def tell_plan(self, plan: pb.CutPlan) -> None:
        """Tell the cameras that stream now a new plan."""
        for context in self._open:
            async with self._writing:
                await context.write(pb.ProcessorMessage(plan=plan))

    async def break_stream(self) -> None:
        """Abort the streams that are open now."""
        self._breaks.set()
        self._breaks = asyncio.Event()

    async def StreamVideo(  # type: ignore[override]  # noqa: N802 - gRPC's name, its sync type
        self, request_iterator: AsyncIterator[pb.CameraMessage], context: Context
    ) -> None:
        hello = (await anext(request_iterator)).hello
        self.hellos.append(hello)
        await self._notify()
        if self.refuse_with is not None:
            await context.abort(*self.refuse_with)
        if not self.welcomes:
            await asyncio.Event().wait()
        welcome = pb.Welcome(
            processor_id="fake",
            credits=self.credit,
            layout_version=1,
            max_frame_bytes=self.max_frame_bytes,
            plan=self.plan,
        )
        await context.write(pb.ProcessorMessage(welcome=welcome))
        self._open.append(context)
        breaks = asyncio.create_task(self._breaks.wait())
        serving = asyncio.create_task(self._serve(request_iterator, context))
        try:
            await asyncio.wait({breaks, serving}, return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                await context.abort(grpc.StatusCode.UNAVAILABLE, "shutting down")
            serving.result()
            self.ends.append("clean")
        except asyncio.CancelledError:
            self.ends.append("cancelled")
            raise
        finally:
            self._open.remove(context)
            breaks.cancel()
            serving.cancel()
            await self._notify()

    async def Ping(  # noqa: N802 - gRPC's name
        self, request: pb.PingRequest, context: object
    ) -> pb.PingResponse:
        self.pings += 1
        await self._notify()
        if self.hangs:
            await asyncio.Event().wait()  # until the camera gives up
        return pb.PingResponse()

    async def _serve(self, requests: AsyncIterator[pb.CameraMessage], context: Context) -> None:
        if not self.reads:
            await asyncio.Event().wait()
        waiting: deque[int] = deque()
        acking = asyncio.create_task(self._ack_in_order(waiting, context))
        try:
            async for message in requests:
                if message.WhichOneof("message") == "condition":
                    self.conditions.append(message.condition)
                    await self._notify()
                    continue
                if message.WhichOneof("message") == "strip":
                    self.strips.append(message.strip)
                    waiting.append(message.strip.sequence)
                else:
                    self.frames.append(message.frame)
                    waiting.append(message.frame.sequence)
                self.unacked += 1
                self.most_unacked = max(self.most_unacked, self.unacked - self._leaving)
                if self.echo and message.WhichOneof("message") == "frame":
                    print(str_of(message.frame), flush=True)
                await self._notify()
            async with self._changed:
                await self._changed.wait_for(lambda: not waiting)
        finally:
            acking.cancel()
            self.unacked -= len(waiting)

    async def _ack_in_order(self, waiting: deque[int], context: Context) -> None:
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self.acks and bool(waiting))
            ack = pb.FrameAck(sequence=waiting[0], outcome=self.outcome, doubtful=self.doubtful)
            self._leaving += 1
            try:
                async with self._writing:
                    await context.write(pb.ProcessorMessage(ack=ack))
                waiting.popleft()
                self.unacked -= 1
            finally:
                self._leaving -= 1
            await self._notify()

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def str_of(frame: pb.Frame) -> str:
    """One line on a frame, for people."""
    return (
        f"frame {frame.sequence} {frame.width}x{frame.height} {len(frame.jpeg)} bytes "
        f"at {frame.source_position_us} us dropped_total={frame.dropped_total}"
    )


async def _main(port: int) -> None:
    processor = FakeProcessor()
    processor.echo = True
    await processor.start(port)
    print(f"ready {processor.address}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
