"""Reads of single spots: what waits together goes together, and each gets its own answer."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from central.ledger.client.spot_reads import MAX_REQUESTS_IN_FLIGHT, SpotReads
from central.ledger.interface import LedgerRefused, LedgerUnavailable
from central.ledger.records import Occupancy, SpotReading, SpotState
from central.ledger.replica.opening import lease_us
from central.ledger.wire.spots import MAX_SPOTS, SpotName, spots_request_from_proto
from protos import parking_pb2
from tests.central.ledger.cluster import DEADLINE, Cluster
from tests.central.ledger.peers.test_identity import settings
from tests.central.ledger.samples import OCCUPIED, VACANT, batch, layout
from tests.command_line import Runner


class Primary:
    """Answers requests when it is told to; of lot "nowhere" it knows nothing."""

    def __init__(self) -> None:
        self.asked: list[list[SpotName]] = []
        self.may_answer = asyncio.Event()

    async def ask(
        self, names: Sequence[SpotName], timeout: float
    ) -> Sequence[SpotReading | LedgerRefused]:
        self.asked.append(list(names))
        await asyncio.wait_for(self.may_answer.wait(), DEADLINE)
        if names[0][0] == "away":
            raise LedgerUnavailable("no replica answered")
        return [
            LedgerRefused(f"no {spot}")
            if lot == "nowhere"
            else SpotReading(7, SpotState(spot, Occupancy.VACANT, 0, "", 0))
            for lot, spot in names
        ]


def reads(spots: SpotReads, lot: str, count: int) -> "list[asyncio.Task[SpotReading]]":
    return [
        asyncio.create_task(spots.read((lot, str(number)), timeout=DEADLINE))
        for number in range(count)
    ]


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_is_asked_together_goes_together() -> None:
    primary = Primary()
    spots = SpotReads(primary.ask)
    waiting = reads(spots, "north", 5)
    await turns()
    assert primary.asked == [[("north", str(number)) for number in range(5)]]
    primary.may_answer.set()
    assert [(await one).spot.spot_id for one in waiting] == ["0", "1", "2", "3", "4"]


async def test_few_requests_are_in_flight_and_none_is_too_large() -> None:
    primary = Primary()
    spots = SpotReads(primary.ask)
    waiting = reads(spots, "north", 1)
    await turns()
    waiting += reads(spots, "north", 3 * MAX_SPOTS)
    await turns()
    assert [len(names) for names in primary.asked] == [1, MAX_SPOTS]
    assert len(primary.asked) == MAX_REQUESTS_IN_FLIGHT
    primary.may_answer.set()
    await asyncio.gather(*waiting)
    assert max(len(names) for names in primary.asked) == MAX_SPOTS


async def test_each_gets_its_own_error() -> None:
    primary = Primary()
    spots = SpotReads(primary.ask)
    primary.may_answer.set()
    known, unknown = reads(spots, "north", 1)[0], reads(spots, "nowhere", 1)[0]
    assert (await known).index == 7
    with pytest.raises(LedgerRefused, match="no 0"):
        await unknown
    with pytest.raises(LedgerUnavailable):
        await reads(spots, "away", 1)[0]


async def test_who_has_gone_is_not_asked_for() -> None:
    primary = Primary()
    spots = SpotReads(primary.ask)
    gone, stays = reads(spots, "north", 2)
    await asyncio.sleep(0)
    gone.cancel()
    primary.may_answer.set()
    assert (await stays).spot.spot_id == "1"
    assert primary.asked == [[("north", "1")]]


async def test_closing_cancels_who_waits() -> None:
    primary = Primary()
    spots = SpotReads(primary.ask)
    waiting = reads(spots, "north", 2)
    await turns()
    await spots.close()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert all(one.cancelled() for one in waiting)


@pytest.mark.parametrize("count", [0, MAX_SPOTS + 1])
def test_a_request_of_another_size_is_refused(count: int) -> None:
    request = parking_pb2.GetSpotsRequest(spots=[parking_pb2.SpotName()] * count)
    with pytest.raises(LedgerRefused, match=f"a request for {count} spots: name 1 to 256"):
        spots_request_from_proto(request)


@pytest.mark.parametrize("lease", [False, True])
async def test_a_spot_shows_what_was_acked(tmp_path: Path, lease: bool) -> None:
    async with Cluster(tmp_path, lease=lease) as cluster:
        client = cluster.client()
        await client.apply(layout())
        for sequence in range(1, 20):
            occupancy = OCCUPIED if sequence % 2 else VACANT
            result = await client.append(batch("near", sequence, ("A1", occupancy)))
            reading = await client.spot("north", "A1")
            assert reading.spot.occupancy is occupancy
            assert reading.spot.camera_id == "near"
            assert reading.index >= result.index
        with pytest.raises(LedgerRefused, match="spot 'Z9' of lot 'north' is not known"):
            await client.spot("north", "Z9")
        await cluster.stop(await cluster.primary())
        assert (await client.spot("north", "A1", timeout=DEADLINE)).spot.occupancy is OCCUPIED


def test_a_lease_is_shorter_than_what_backups_promise(tmp_path: Path) -> None:
    told = settings(tmp_path)
    promised_us = told.election_ticks * told.tick * 1e6
    late_us = 2 * told.tick * 1e6  # the first tick at once, one that was late just before it
    assert 0 < lease_us(told) <= 0.9 * (promised_us - late_us)


def test_a_lease_without_time_is_refused(tmp_path: Path, run: Runner) -> None:
    told = ("--lease", "--election-ticks", "4", "--heartbeat-ticks", "1")
    refused = run("ledger", "--replica-id", "a", "--data", tmp_path / "a", *told)
    assert refused.code == 2
    assert "--lease with --election-ticks 4 leaves no time for a lease" in refused.err
    assert not (tmp_path / "a").exists()
