"""The coalescer that etcd is given follows the policy of the ledger's client."""

import asyncio

import grpc
import pytest

from benchmarks.etcd.stores import Coalescer, Pair
from central.ledger.client.coalescing import MAX_REQUESTS_IN_FLIGHT


class Requests:
    """A store that answers when it is told to."""

    def __init__(self) -> None:
        self.sent: list[list[Pair]] = []
        self.answers: list[asyncio.Future[None]] = []

    async def send(self, pairs: list[Pair]) -> None:
        self.sent.append(pairs)
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        await answer

    @property
    def sizes(self) -> list[int]:
        return [len(pairs) for pairs in self.sent]


def writers(coalescer: Coalescer, count: int) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(coalescer.append((b"%d" % n, b""))) for n in range(count)]


async def settled() -> None:
    for _ in range(10):  # turns of the event loop: nothing here waits for time
        await asyncio.sleep(0)


async def test_what_waits_goes_together_in_order() -> None:
    requests = Requests()
    tasks = writers(Coalescer(requests.send, most=100), 5)
    await settled()
    assert requests.sent == [[(b"%d" % n, b"") for n in range(5)]]
    assert not any(task.done() for task in tasks)
    requests.answers[0].set_result(None)
    await asyncio.gather(*tasks)


async def test_no_request_is_longer_and_no_more_are_in_flight_than_allowed() -> None:
    requests = Requests()
    tasks = writers(Coalescer(requests.send, most=3), 20)
    await settled()
    assert requests.sizes == [3] * MAX_REQUESTS_IN_FLIGHT
    requests.answers[0].set_result(None)
    await settled()
    assert requests.sizes == [3] * (MAX_REQUESTS_IN_FLIGHT + 1)
    while not all(task.done() for task in tasks):
        for answer in requests.answers:
            if not answer.done():
                answer.set_result(None)
        await settled()
    assert sum(requests.sizes) == 20


async def test_an_error_is_told_to_all_of_its_request_only() -> None:
    requests = Requests()
    tasks = writers(Coalescer(requests.send, most=2), 4)
    await settled()
    nothing = grpc.aio.Metadata()
    requests.answers[0].set_exception(
        grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, nothing, nothing)
    )
    requests.answers[1].set_result(None)
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in told] == [grpc.aio.AioRpcError] * 2 + [type(None)] * 2


async def test_an_unexpected_error_is_not_swallowed() -> None:
    async def broken(pairs: list[Pair]) -> None:
        raise ZeroDivisionError

    task = asyncio.create_task(Coalescer(broken, most=2).append((b"", b"")))
    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(60):
            await task
