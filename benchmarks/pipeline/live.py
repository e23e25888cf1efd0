"""The same frames through gRPC, to a processor of its own with a ledger of one replica."""

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import grpc.aio
import psutil

from benchmarks.ledger.processes import Process, bound_to_us
from benchmarks.pipeline.scene import HEIGHT, WIDTH, layout_of
from central.ledger.client import LedgerClient
from central.ledger.interface import LedgerError
from node.address import Address
from node.errors import OperationError
from protos import video_stream_pb2 as wire
from protos.video_stream_pb2_grpc import VideoStreamServiceStub

READY_S = 60.0
_BOOT = "00000000000000b1"


@dataclass
class Load:
    """What became of the frames that were sent."""

    classified: int = 0
    lost: int = 0  # answered otherwise, or not yet answered when the next was due
    seconds: list[float] = field(default_factory=list)  # from sending a frame to its answer
    cpu_s: float = 0.0  # of the processor, from first to last


@asynccontextmanager
async def processor_with_ledger(
    folder: Path, ports: tuple[int, int], cameras: int
) -> AsyncIterator[tuple[Address, psutil.Process]]:
    """Run both as processes, with a lot for each camera applied; raises OperationError."""
    ledger, listen = (Address("127.0.0.1", port) for port in ports)
    replica = (
        *("ledger", "--replica-id", "a", "--listen", str(ledger)),
        *("--data", str(folder / "a"), "--peers", f"a={ledger}"),
    )
    worker = ("processor", "--listen", str(listen), "--ledger", str(ledger))
    async with AsyncExitStack() as stack:
        for name, arguments in (("ledger", replica), ("processor", worker)):
            command = bound_to_us([sys.executable, "-m", "node", *arguments])
            process = await Process.start(command, log=folder / f"{name}.log")
            stack.push_async_callback(process.kill)
        client = LedgerClient((ledger,))
        stack.push_async_callback(client.close)
        await _apply(client, cameras)
        yield listen, psutil.Process(process.pid)


async def _apply(client: LedgerClient, cameras: int) -> None:
    deadline = time.monotonic() + READY_S
    for number in range(cameras):
        while True:
            try:
                await client.apply(layout_of(camera_id(number)))
                break
            except LedgerError as error:
                if time.monotonic() > deadline:
                    raise OperationError(f"the ledger takes no layout: {error}") from error
                await asyncio.sleep(0.2)


def camera_id(number: int) -> str:
    """Return how the benchmark names a camera."""
    return f"camera-{number:03d}"


async def stream(
    listen: Address,
    number: int,
    jpegs: tuple[bytes, ...],
    load: Load,
    *,
    rate: float,
    stop: asyncio.Event,
) -> None:
    """Be one camera: a frame every 1 / rate seconds, one unanswered at a time."""
    async with grpc.aio.insecure_channel(str(listen)) as channel:
        call = await _open(channel, number)
        due = time.monotonic() + (number * 0.618 % 1.0) / rate
        for sequence in itertools.count(1):
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if stop.is_set():
                await call.done_writing()
                return
            frame = wire.Frame(
                sequence=sequence,
                captured_at_us=time.time_ns() // 1000,
                width=WIDTH,
                height=HEIGHT,
                jpeg=jpegs[sequence % len(jpegs)],
                source_position_us=-1,
            )
            begin = time.monotonic()
            await call.write(wire.CameraMessage(frame=frame))
            ack = await _ack(call)
            load.seconds.append(time.monotonic() - begin)
            if ack.outcome == wire.FRAME_OUTCOME_CLASSIFIED:
                load.classified += 1
            else:
                load.lost += 1
            due += 1 / rate
            while due < time.monotonic() - 1 / rate:
                load.lost += 1
                due += 1 / rate


async def _open(channel: grpc.aio.Channel, number: int) -> Any:
    hello = wire.CameraHello(camera_id=camera_id(number), boot_id=_BOOT, frames_per_second=1.0)
    deadline = time.monotonic() + READY_S
    while True:
        call = cast("Any", VideoStreamServiceStub(channel)).StreamVideo(wait_for_ready=True)
        try:
            await call.write(wire.CameraMessage(hello=hello))
            await call.read()
            if not call.done():
                return call
        except grpc.aio.AioRpcError:
            pass  # it has not read the layouts yet
        if time.monotonic() > deadline:
            raise OperationError(f"the processor does not take {camera_id(number)}")
        await asyncio.sleep(0.3)


async def _ack(call: Any) -> wire.FrameAck:
    while True:
        message = await call.read()
        if message is grpc.aio.EOF:
            raise OperationError("the processor ended a stream")
        if message.WhichOneof("message") == "ack":
            return cast("wire.FrameAck", message.ack)


async def run_load(
    folder: Path,
    ports: tuple[int, int],
    jpegs: tuple[bytes, ...],
    *,
    cameras: int,
    rate: float,
    seconds: float,
) -> Load:
    """Let so many cameras stream; what happens in the first two seconds is not counted."""
    load = Load()
    async with processor_with_ledger(folder, ports, cameras) as (listen, processor):
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            for number in range(cameras):
                tasks.create_task(stream(listen, number, jpegs, load, rate=rate, stop=stop))
            await asyncio.sleep(2.0 + 1 / rate)
            load.classified, load.lost = 0, 0
            load.seconds.clear()
            before = sum(processor.cpu_times()[:2])
            await asyncio.sleep(seconds)
            load.cpu_s = sum(processor.cpu_times()[:2]) - before
            counted = Load(load.classified, load.lost, list(load.seconds), load.cpu_s)
            stop.set()
    return counted
