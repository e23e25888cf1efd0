"""Streams on which nothing is said stay open: pings that notice a dead path are allowed."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest

from central.ledger.wire.channels import Context, channel_options, server_options
from central.processor.service import _server_options
from tests.central.processor.harness import settings

SECONDS = 40.0  # for seven pings; by default the fourth of one that pings so often ends it

pytestmark = pytest.mark.long


async def silence(request: bytes, context: Context) -> AsyncIterator[bytes]:
    """Say nothing."""
    await asyncio.sleep(10 * SECONDS)
    yield b""


@pytest.mark.parametrize(
    "options", [server_options(), _server_options(settings())], ids=["ledger", "processor"]
)
async def test_a_stream_on_which_nothing_is_said_stays_open(options: list[tuple[str, int]]) -> None:
    server = grpc.aio.server(options=options)
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_stream_rpc_method_handler(silence)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("t", {"m": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    pinging = list({**dict(channel_options()), "grpc.keepalive_time_ms": 5_500}.items())
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=pinging)
    try:
        call: grpc.aio.UnaryStreamCall[bytes, bytes] = channel.unary_stream("/t/m")(b"")  # type: ignore[arg-type]
        reading = asyncio.ensure_future(call.read())
        done, _ = await asyncio.wait({reading}, timeout=SECONDS)
        reading.cancel()
        assert not done, "it ended"
    finally:
        await channel.close()
        await server.stop(None)
