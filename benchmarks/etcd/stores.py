"""etcd as a store, in the three ways in which one may write many records to it."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import cast

import grpc

from benchmarks.etcd import rpc_pb2, rpc_pb2_grpc
from benchmarks.ledger.records import as_pair
from benchmarks.ledger.stores import new_batches
from central.ledger.client.coalescing import (
    MAX_BATCHES_A_REQUEST,
    MAX_REQUESTS_IN_FLIGHT,
    next_size,
)
from node.address import Address
from node.errors import OperationError

MAX_OPERATIONS = 128
"""etcd refuses a longer transaction (--max-txn-ops)."""

Pair = tuple[bytes, bytes]
Send = Callable[[list[Pair]], Coroutine[None, None, None]]


def kv_stub(channel: grpc.aio.Channel) -> "rpc_pb2_grpc.KVAsyncStub":
    """Return the asyncio stub of KV."""
    return cast("rpc_pb2_grpc.KVAsyncStub", rpc_pb2_grpc.KVStub(channel))


def maintenance_stub(channel: grpc.aio.Channel) -> "rpc_pb2_grpc.MaintenanceAsyncStub":
    """Return the asyncio stub of Maintenance."""
    return cast("rpc_pb2_grpc.MaintenanceAsyncStub", rpc_pb2_grpc.MaintenanceStub(channel))


class EtcdUnary:
    """One Put a record, as etcd is usually written to."""

    def __init__(self, address: Address) -> None:
        self._channel = grpc.aio.insecure_channel(str(address))
        self._kv = kv_stub(self._channel)
        self._batches = new_batches()
        self._readers: set[int] = set()  # whose keys are there

    def next_pair(self, writer: int) -> Pair:
        """Return key and value of that writer's next record."""
        return as_pair(self._batches.following(writer))

    async def append(self, writer: int) -> None:
        """Put it."""
        key, value = self.next_pair(writer)
        await self._kv.Put(rpc_pb2.PutRequest(key=key, value=value))

    async def read(self, reader: int) -> None:
        """Read a key of the usual size."""
        key = f"read-{reader}".encode()
        if reader not in self._readers:
            _, value = self.next_pair(reader)
            await self._kv.Put(rpc_pb2.PutRequest(key=key, value=value))
            self._readers.add(reader)
        found = await self._kv.Range(rpc_pb2.RangeRequest(key=key))
        if len(found.kvs) != 1:
            raise OperationError("etcd's answer lacks the key")

    async def close(self) -> None:
        """Close its connection."""
        await self._channel.close()


class Coalescer:
    """The policy of the ledger's client: what waits goes together in the next request."""

    def __init__(self, send: Send, *, most: int) -> None:
        self._send = send
        self._most = most
        self._waiting: deque[tuple[Pair, asyncio.Future[None]]] = deque()
        self._in_flight: dict[asyncio.Task[None], list[asyncio.Future[None]]] = {}
        self._scheduled = False

    async def append(self, pair: Pair) -> None:
        """Send it with others; bounded by the callers, of whom each waits for its own."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.append((pair, done))
        self._schedule()
        await done

    def _schedule(self) -> None:
        # Not at once: who else appends in this turn of the event loop is to come along.
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._start)

    def _start(self) -> None:
        self._scheduled = False
        while self._waiting and len(self._in_flight) < MAX_REQUESTS_IN_FLIGHT:
            in_flight = sum(map(len, self._in_flight.values()))
            size = min(next_size(waiting=len(self._waiting), in_flight=in_flight), self._most)
            together = [self._waiting.popleft() for _ in range(size)]
            self._request(together)

    def _request(self, together: list[tuple[Pair, asyncio.Future[None]]]) -> None:
        pairs = [pair for pair, _ in together]
        task = asyncio.create_task(self._send(pairs))
        self._in_flight[task] = [done for _, done in together]
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        for done in self._in_flight.pop(task):
            if done.done():  # who waited has gone
                continue
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)
        self._schedule()


class EtcdTransactions(EtcdUnary):
    """Behind the coalescer, each record a key of its own: one Txn a request."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._coalescer = Coalescer(self._send, most=MAX_OPERATIONS)

    async def append(self, writer: int) -> None:
        """Put it with others."""
        await self._coalescer.append(self.next_pair(writer))

    async def _send(self, pairs: list[Pair]) -> None:
        operations = [
            rpc_pb2.RequestOp(request_put=rpc_pb2.PutRequest(key=key, value=value))
            for key, value in pairs
        ]
        await self._kv.Txn(rpc_pb2.TxnRequest(success=operations))


class EtcdBlobs(EtcdUnary):
    """Behind the coalescer, all records of a request under one key: etcd is told nothing of them.

    What reads, finds again or refuses a record twice would have to be built on top.
    """

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._coalescer = Coalescer(self._send, most=MAX_BATCHES_A_REQUEST)

    async def append(self, writer: int) -> None:
        """Put it with others."""
        await self._coalescer.append(self.next_pair(writer))

    async def _send(self, pairs: list[Pair]) -> None:
        blob = b"".join(key + value for key, value in pairs)
        await self._kv.Put(rpc_pb2.PutRequest(key=pairs[0][0], value=blob))
