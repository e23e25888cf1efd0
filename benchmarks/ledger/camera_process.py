"""One camera process: `python -m benchmarks.ledger.camera_process NUMBER`, orders by line.

Says 0 once it is ready, then for each order how many of its records were committed in time.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.etcd.stores import EtcdUnary
from benchmarks.ledger.stores import LedgerStore, Store
from node.address import Address
from node.event_loops import quick_loop


@dataclass(frozen=True)
class Order:
    """begin: second since 1970 at which all begin. rate: records a second at most."""

    store: str
    addresses: Sequence[str]
    begin: float
    seconds: float
    rate: float


def main() -> None:
    """Obey until standard input ends."""
    number = int(sys.argv[1])
    print(0, flush=True)
    with asyncio.Runner(
        loop_factory=quick_loop()
    ) as runner:  # gRPC does not take a second event loop
        for line in sys.stdin:
            print(runner.run(obey(Order(**json.loads(line)), number)), flush=True)


async def obey(order: Order, number: int) -> int:
    """Write as ordered; returns how many commits were answered within the time."""
    addresses = [Address.parse(address) for address in order.addresses]
    store: Store = LedgerStore(addresses) if order.store == "ledger" else EtcdUnary(addresses[0])
    try:
        await store.append(number)  # connects
        return await _paced(store, order, number)
    finally:
        await store.close()


async def _paced(store: Store, order: Order, number: int) -> int:
    # Spread evenly over the first interval, as cameras are that know nothing of each other.
    due = order.begin + (number * 0.618) % 1 / order.rate
    end = order.begin + order.seconds
    committed = 0
    while due < end:
        await asyncio.sleep(max(0.0, due - time.time()))
        await store.append(number)
        now = time.time()
        if now >= end:
            break
        committed += 1
        due = max(due + 1 / order.rate, now)  # what could not be sent in time is not made up
    return committed


if __name__ == "__main__":
    main()
