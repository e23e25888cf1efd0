"""Three real replicas as processes, and a writer that remembers what was acked."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from central.demo.cluster import Cluster
from central.demo.processes import Supervisor
from central.layout.document import Camera, Layout, Region, Spot
from central.ledger.client import LedgerClient
from central.ledger.interface import Ledger, LedgerError
from central.ledger.records import (
    Detection,
    DetectionBatch,
    IdempotencyKey,
    Occupancy,
    OccupancyChange,
    ReplicaStatus,
)

SPOTS = tuple(f"A{number:02}" for number in range(10))
SQUARE = ((0, 0), (100_000, 0), (100_000, 100_000), (0, 100_000))
LAYOUT = Layout(
    lot_id="north",
    spots=tuple(Spot(spot_id) for spot_id in SPOTS),
    cameras=(Camera("east", regions=tuple(Region(spot_id, SQUARE) for spot_id in SPOTS)),),
)
START_S = 60.0
"""A cold start on a loaded machine; what is promised has deadlines of its own."""


@dataclass
class Group:
    """Three replicas, a client that knows them all, and the processes."""

    cluster: Cluster
    supervisor: Supervisor
    ledger: Ledger

    async def start(self, *replica_ids: str) -> None:
        """Start these replicas, on the data that they have."""
        for replica_id in replica_ids:
            arguments = self.cluster.replica_arguments(replica_id)
            # No processor vouches for the camera here, and that is not what is tested.
            await self.supervisor.start(replica_id, [*arguments, "--camera-time-out", "600"])

    def data_of(self, replica_id: str) -> Path:
        """Return a replica's data directory."""
        arguments = self.cluster.replica_arguments(replica_id)
        return Path(arguments[arguments.index("--data") + 1])

    async def set_aside(self, replica_id: str) -> tuple[Path, Path]:
        """Stop a replica; returns where its data were, where a disk may be now, and where they
        are."""
        await self.supervisor.stop([replica_id], grace=START_S)
        data = self.data_of(replica_id)
        return data, data.rename(data.with_name("kept"))

    async def start_on(self, data: Path, replica_id: str, *, kept: Path) -> None:
        """Start a replica there, on a copy of what it had; return once it has caught up."""
        shutil.copytree(kept, data, dirs_exist_ok=True)
        await self.start(replica_id)
        await self.agree()

    async def status(self, replica_id: str) -> ReplicaStatus | None:
        """Return what a replica says of itself, None while it does not answer."""
        try:
            return await self.ledger.replica_status(str(self.cluster.replicas[replica_id]))
        except LedgerError:
            return None

    async def primary_id(self) -> str:
        """Return the primary, waiting until there is one."""
        async with asyncio.timeout(START_S):
            while True:
                for replica_id in self.cluster.replicas:
                    status = await self.status(replica_id)
                    if status is not None and status.primary:
                        return replica_id
                await asyncio.sleep(0.05)

    async def let_lead(self, replica_id: str) -> None:
        """Return once that replica is the primary: on a busy machine another may stand again."""
        client = LedgerClient(list(self.cluster.replicas.values()))
        try:
            async with asyncio.timeout(START_S):
                while await self.primary_id() != replica_id:
                    with contextlib.suppress(LedgerError):  # asked again
                        await client.transfer(replica_id)
        finally:
            await client.close()

    async def caught_up(self, replica_id: str) -> None:
        """Return once a replica has applied all that was applied anywhere when it was asked."""
        async with asyncio.timeout(START_S):
            found = [await self.status(one) for one in self.cluster.replicas]
            target = max(status.applied_index for status in found if status is not None)
            while True:
                status = await self.status(replica_id)
                if status is not None and status.applied_index >= target:
                    return
                await asyncio.sleep(0.05)

    async def agree(self) -> ReplicaStatus:
        """Return once all replicas have applied the same index; assert that they hold the same.

        Nobody may write meanwhile: they are asked one after the other.
        """
        async with asyncio.timeout(START_S):
            while True:
                found = [await self.status(replica_id) for replica_id in self.cluster.replicas]
                there = [status for status in found if status is not None]
                if len(there) == 3 and len({status.applied_index for status in there}) == 1:
                    assert len({status.state_hash for status in there}) == 1
                    return there[0]
                await asyncio.sleep(0.05)


@asynccontextmanager
async def three_replicas(directory: Path) -> AsyncIterator[Group]:
    """Give three replicas with the layout applied; nothing of them is left afterwards."""
    cluster = Cluster.plan(directory)
    supervisor = Supervisor(directory)
    ledger = LedgerClient(cluster.ledger)
    group = Group(cluster, supervisor, ledger)
    try:
        await group.start(*cluster.replicas)
        await ledger.apply(LAYOUT, timeout=START_S)
        yield group
    finally:
        await ledger.close()
        await supervisor.stop(list(supervisor.children), grace=START_S)


@dataclass
class Writer:
    """Appends one change after the other, as a processor would, and remembers every ack.

    Each batch flips one spot, so each makes exactly one change if it is applied exactly once.
    """

    ledger: Ledger
    acked: dict[str, Occupancy] = field(default_factory=dict)
    acks: list[float] = field(default_factory=list)  # monotonic seconds
    enough: bool = False
    _acked: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Write until it is enough; the batch under way then is acked first.

        Cancelled instead, it might be applied without our knowing.
        """
        while not self.enough:
            await self.write()

    async def write(self) -> None:
        """Commit the next change."""
        number = len(self.acks)
        spot_id = SPOTS[number % len(SPOTS)]
        even = number // len(SPOTS) % 2 == 0
        occupancy = Occupancy.OCCUPIED if even else Occupancy.VACANT
        batch = DetectionBatch(
            key=IdempotencyKey("east", "0123456789abcdef", number + 1),
            captured_at_us=time.time_ns() // 1000,
            layout_version=1,
            model="0" * 16,
            detections=(Detection(spot_id, occupancy, 9_000),),
        )
        result = await self.ledger.append(batch)
        assert result.rejected is None
        self.acked[spot_id] = occupancy
        self.acks.append(time.monotonic())
        self._acked.set()

    async def wait_for(self, more: int) -> None:
        """Return once that many more batches are acked."""
        target = len(self.acks) + more
        async with asyncio.timeout(START_S):
            while len(self.acks) < target:
                self._acked.clear()
                await self._acked.wait()


async def history(ledger: Ledger, *, changes: int) -> list[OccupancyChange]:
    """Return every change from the beginning, at least that many."""
    found: list[OccupancyChange] = []
    async with asyncio.timeout(START_S):
        async for event in ledger.watch(0):
            found.extend(event.changes)
            if len(found) >= changes:
                break
    return found


async def check_nothing_lost(group: Group, writer: Writer) -> None:
    """Assert that what was acked is there, on every replica, and was applied exactly once."""
    state = await group.ledger.get(("north",), timeout=START_S)
    lot = state.lot("north")
    assert lot is not None
    held = {spot.spot_id: spot.occupancy for spot in lot.spots}
    assert {spot_id: held[spot_id] for spot_id in writer.acked} == writer.acked
    await group.agree()
    changes = await history(group.ledger, changes=len(writer.acks))
    expected = [SPOTS[number % len(SPOTS)] for number in range(len(writer.acks))]
    assert [change.spot_id for change in changes] == expected
