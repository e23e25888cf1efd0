"""A real `parkledger backup` that is told to end in the middle leaves nothing half done."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from central.ledger.snapshots.backup_file import Description
from central.ledger.snapshots.snapshots import PIECE_BYTES
from central.ledger.state.schema import SCHEMA_VERSION
from central.ledger.wire.backups import backup_part_to_proto
from central.ledger.wire.channels import Context
from protos import cluster_pb2, cluster_pb2_grpc, parking_pb2, parking_pb2_grpc

PATIENCE = 60.0

DESCRIPTION = Description("north-1", "a", 9, bytes(32), SCHEMA_VERSION, 100 * PIECE_BYTES, 1)


class Asked(parking_pb2_grpc.ParkingServiceServicer):
    """A replica that answers what it is."""

    async def GetReplicaStatus(  # noqa: N802
        self, request: parking_pb2.GetReplicaStatusRequest, context: Context
    ) -> parking_pb2.ReplicaStatus:
        return parking_pb2.ReplicaStatus(replica_id="a", cluster_id="north-1", applied_index=9)


class Stalling(cluster_pb2_grpc.ClusterServiceServicer):
    """A replica that sends the beginning of a copy, and then nothing."""

    async def Backup(  # noqa: N802
        self, request: cluster_pb2.BackupRequest, context: Context
    ) -> AsyncIterator[cluster_pb2.BackupPiece]:
        for part in (DESCRIPTION, bytes(PIECE_BYTES), bytes(PIECE_BYTES)):
            yield backup_part_to_proto(part)
        await asyncio.Event().wait()


@asynccontextmanager
async def stalling_replica() -> AsyncIterator[str]:
    """Give the address of a replica whose copies never end."""
    server = grpc.aio.server()
    # What else a replica offers is not asked for: it would be UNIMPLEMENTED.
    asked, stalling = Asked(), Stalling()  # type: ignore[abstract]
    parking_pb2_grpc.add_ParkingServiceServicer_to_server(asked, server)
    cluster_pb2_grpc.add_ClusterServiceServicer_to_server(stalling, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


async def under_way(part: Path, process: asyncio.subprocess.Process) -> None:
    """Return once some of the copy is in the file."""
    async with asyncio.timeout(PATIENCE):
        while size_of(part) <= PIECE_BYTES:
            assert process.returncode is None
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("replace", [False, True])
async def test_a_signal_in_the_middle_leaves_nothing_half_done(
    tmp_path: Path, number: signal.Signals, *, replace: bool
) -> None:
    file, part = tmp_path / "north.backup", tmp_path / "north.backup.part"
    if replace:
        file.write_bytes(b"the one of yesterday")
    async with stalling_replica() as address:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "node", "backup", str(file), "--ledger", address),
            *("--stale-ok", *(["--replace"] if replace else [])),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "COLUMNS": "100"},
        )
        try:
            await under_way(part, process)
            process.send_signal(number)
            output, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
        finally:
            if process.returncode is None:
                process.kill()
    assert (process.returncode, output) == (130, b"")
    assert errors.decode().splitlines()[-1] == "parkledger: interrupted"
    assert b"Traceback" not in errors
    assert names_in(tmp_path) == (["north.backup"] if replace else [])
    if replace:
        assert file.read_bytes() == b"the one of yesterday"
