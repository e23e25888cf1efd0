"""A publisher between real replicas and a real Mosquitto."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from central.web.outbound.follower import following
from central.web.outbound.mqtt_messages import Topics
from tests.central.ledger.cluster import DEADLINE, Cluster
from tests.central.ledger.samples import OCCUPIED, VACANT, batch, layout

pytest.importorskip("paho.mqtt")

from central.web.outbound.mqtt_publisher import Broker, Publisher
from tests.central.web.outbound.mosquitto import Heard, Mosquitto, mosquitto, subscriber

SPOT = "parkledger/lot/north/spot/A1/state"
STATUS = "parkledger/status"


@asynccontextmanager
async def publishing(
    directory: Path, *, stale_after_s: float = 60.0
) -> AsyncIterator[tuple[Cluster, Mosquitto, Heard]]:
    """Give replicas, a broker and a subscriber, with a publisher in between."""
    async with (
        mosquitto(directory) as broker,
        Cluster(directory, replica_ids=("a",)) as cluster,
        subscriber(broker.address) as heard,
    ):
        await cluster.client().apply(layout())
        stop = asyncio.Event()
        async with following(
            tuple(cluster.addresses.values()), stale_after_s=stale_after_s
        ) as follower:
            publisher = Publisher(Broker(broker.address, "test"), Topics(), repeat_s=1.0)
            task = asyncio.create_task(publisher.run(follower, stop))
            try:
                await heard.until(lambda heard: heard.messages.get(STATUS) == b"online")
                yield cluster, broker, heard
            finally:
                stop.set()
                await asyncio.wait_for(task, DEADLINE)
        await heard.until(lambda heard: heard.messages.get(STATUS) == b"offline")


def occupancy(heard: Heard) -> str | None:
    state = heard.json(SPOT)
    return None if state is None else str(state["occupancy"])


async def test_changes_are_said_and_retained(tmp_path: Path) -> None:
    async with publishing(tmp_path) as (cluster, broker, heard):
        client = cluster.client()
        await client.append(batch("near", 1, ("A1", OCCUPIED)))
        await heard.until(lambda heard: occupancy(heard) == "occupied")
        await client.append(batch("near", 2, ("A1", VACANT)))
        await heard.until(lambda heard: occupancy(heard) == "vacant")
        async with subscriber(broker.address) as later:
            await later.until(lambda heard: occupancy(heard) == "vacant")
            configs = [topic for topic in later.messages if topic.endswith("/config")]
            await later.until(lambda heard: heard.json("parkledger/lot/north/state") is not None)
        assert len(configs) <= 5


async def test_a_broker_that_was_restarted_is_told_all_again(tmp_path: Path) -> None:
    async with publishing(tmp_path) as (cluster, broker, heard):
        client = cluster.client()
        await client.append(batch("near", 1, ("A1", OCCUPIED)))
        await heard.until(lambda heard: occupancy(heard) == "occupied")
        await broker.stop()
        await client.append(batch("near", 2, ("A1", VACANT)))
        heard.messages.clear()
        await broker.start()
        await heard.until(lambda heard: occupancy(heard) == "vacant")
        await heard.until(lambda heard: heard.messages.get(STATUS) == b"online")


async def test_what_grows_stale_is_unknown(tmp_path: Path) -> None:
    async with publishing(tmp_path, stale_after_s=1.5) as (cluster, _, heard):
        await cluster.client().append(batch("near", 1, ("A1", OCCUPIED)))
        await heard.until(lambda heard: occupancy(heard) == "occupied")
        await cluster.stop("a")
        await heard.until(lambda heard: occupancy(heard) == "unknown")
        assert heard.messages["parkledger/fresh"] == b"offline"
        cluster.start("a")
        await heard.until(lambda heard: occupancy(heard) == "occupied")
