"""A replica whose state is not that of the others stops, says so, and does not come back."""

import asyncio
import stat
from pathlib import Path

import grpc
import pytest

from central.ledger.errors import Diverged
from central.ledger.proof import first_difference
from central.ledger.replica import divergence
from central.ledger.wire.channels import parking_stub
from node.errors import OperationError
from protos import parking_pb2
from tests.central.ledger.books import diverge, tamper
from tests.central.ledger.cluster import DEADLINE, Cluster
from tests.central.ledger.queries.test_past import flip, settled
from tests.central.ledger.samples import OCCUPIED, batch, layout


@pytest.mark.parametrize(("differs", "high"), [(1, 1), (1, 9), (5, 9), (9, 9), (64, 1000)])
async def test_the_first_difference_is_found_by_bisection(differs: int, high: int) -> None:
    asked: list[int] = []

    async def one(index: int) -> bytes:
        asked.append(index)
        return b"same"

    async def other(index: int) -> bytes:
        return b"same" if index < differs else b"other"

    assert await first_difference(one, other, high=high) == differs
    assert len(asked) <= high.bit_length()


async def altered(cluster: Cluster, replica_id: str, index: int) -> None:
    """Give a stopped replica another state from an index on, and start it."""
    diverge(cluster.directory / replica_id / "state.db", index)
    cluster.start(replica_id)


async def test_a_replica_outside_the_majority_stops_and_stays_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(divergence, "FAREWELL", 4.0)  # it is asked in that time, however busy
    async with Cluster(tmp_path, compare_heads_every=0.2) as cluster:
        client = cluster.client()
        await client.apply(layout())
        await flip(client, *range(1, 9))
        index = await settled(cluster) - 3
        bad = await cluster.backup()
        await cluster.stop(bad)
        await altered(cluster, bad, index)

        task = cluster.running.pop(bad).task
        refused: list[grpc.aio.AioRpcError] = []
        async with grpc.aio.insecure_channel(str(cluster.addresses[bad])) as channel:
            async with asyncio.timeout(DEADLINE):
                while not task.done():
                    try:
                        await parking_stub(channel).Get(parking_pb2.GetRequest(stale_ok=True))
                    except grpc.aio.AioRpcError as error:
                        refused.append(error)
                    await asyncio.sleep(0.02)
        with pytest.raises(
            Diverged,
            match=rf"replica '{bad}' has another state than replica '\w' from index {index} on, "
            "and so a majority: it stops serving",
        ):
            task.result()
        # while it was on its way out it said why
        said = [error for error in refused if error.code() is grpc.StatusCode.DATA_LOSS]
        assert said
        assert f"from index {index} on" in str(said[0].details())

        # the others go on
        assert (await client.append(batch("near", 20, ("A2", OCCUPIED)))).rejected is None
        assert len(cluster.running) == 2

        mark = tmp_path / bad / divergence.MARK
        assert stat.S_IMODE(mark.stat().st_mode) == 0o600
        cluster.start(bad)
        with pytest.raises(OperationError, match=rf"from index {index} on, .*noted in .*diverged"):
            await cluster.running.pop(bad).task


async def test_a_primary_outside_the_majority_stops_too(tmp_path: Path) -> None:
    async with Cluster(tmp_path, compare_heads_every=0.2) as cluster:
        client = cluster.client()
        await client.apply(layout())
        await flip(client, *range(1, 9))
        index = await settled(cluster) - 3
        bad = await cluster.primary()
        # It was well when it became primary: its state is altered while it stands still.
        await cluster.stop(bad)
        others = list(cluster.running)
        for name in others:
            await cluster.stop(name)
        await altered(cluster, bad, index)
        cluster.start(others[0])
        cluster.start(others[1])
        task = cluster.running.pop(bad).task
        with pytest.raises(Diverged, match=f"from index {index} on"):
            await asyncio.wait_for(asyncio.shield(task), DEADLINE)
        assert (await client.append(batch("near", 20, ("A2", OCCUPIED)))).rejected is None


async def test_without_a_majority_it_stops_and_may_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(divergence, "UNDECIDED_ROUNDS", 2)
    async with Cluster(tmp_path, compare_heads_every=0.2) as cluster:
        client = cluster.client()
        await client.apply(layout())
        await flip(client, *range(1, 9))
        index = await settled(cluster) - 3
        good = await cluster.primary()
        away, bad = (name for name in cluster.running if name != good)
        await cluster.stop(away)
        await cluster.stop(bad)
        await altered(cluster, bad, index)
        tasks = {cluster.running[name].task: name for name in (good, bad)}
        done, _ = await asyncio.wait(tasks, timeout=DEADLINE, return_when="FIRST_COMPLETED")
        assert done
        # However long the third takes to start on a busy machine, it is waited for from here on.
        monkeypatch.setattr(divergence, "UNDECIDED_ROUNDS", 1_000_000)
        # The other one may have decided the same by then, and be about to stop.
        said = [text for text in caplog.messages if "no majority tells who is right" in text]
        ending = {
            task for task, name in tasks.items() if any(f"'{name}' has" in one for one in said)
        }
        assert done <= ending
        await asyncio.wait(ending, timeout=DEADLINE)
        for task in ending:
            with pytest.raises(Diverged, match="no majority tells who is right"):
                task.result()
            assert not (tmp_path / tasks[task] / divergence.MARK).exists()
            del cluster.running[tasks[task]]
            cluster.start(tasks[task])
        # With all of them there it is clear who is right.
        cluster.start(away)
        with pytest.raises(Diverged, match="and so a majority"):
            await asyncio.wait_for(asyncio.shield(cluster.running.pop(bad).task), DEADLINE)
        assert (await client.append(batch("near", 20, ("A2", OCCUPIED)))).rejected is None


async def test_a_replica_whose_chain_has_a_hole_stops(tmp_path: Path) -> None:
    async with Cluster(tmp_path, compare_heads_every=0.2) as cluster:
        client = cluster.client()
        await client.apply(layout())
        await flip(client, *range(1, 70))
        await settled(cluster)
        bad = await cluster.backup()
        await cluster.stop(bad)
        # Within a subtree that is stored: it is only noticed by whoever asks for a head in there.
        tamper(tmp_path / bad / "state.db", "DELETE FROM chain WHERE applied_index = 30")
        last = tmp_path / bad / "state.db"
        diverge(last, 66)
        cluster.start(bad)
        task = cluster.running.pop(bad).task
        with pytest.raises(Diverged, match=r"is damaged \(the chain has a hole between"):
            await asyncio.wait_for(asyncio.shield(task), DEADLINE)
