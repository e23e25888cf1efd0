"""The processes of a demo: their addresses, their command lines, and when they are ready."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from central.demo.ports import free_addresses
from central.demo.processes import Supervisor
from central.demo.settings import REPLICAS, CameraSource
from node.address import Address
from node.errors import OperationError

PROCESSOR = "processor"
WEB = "web"
_POLL_S = 0.05


@dataclass(frozen=True)
class Cluster:
    """Three replicas and a processor on loopback; `replicas` maps ids to addresses."""

    directory: Path
    replicas: dict[str, Address]
    processor: Address

    @classmethod
    def plan(cls, directory: Path) -> "Cluster":
        """Choose names and free ports; starts nothing."""
        *replicas, processor = free_addresses(REPLICAS + 1)
        return cls(
            directory=directory,
            replicas={f"replica-{number}": at for number, at in enumerate(replicas, start=1)},
            processor=processor,
        )

    @property
    def ledger(self) -> tuple[Address, ...]:
        """Where the replicas listen."""
        return tuple(self.replicas.values())

    def replica_arguments(self, replica_id: str) -> list[str]:
        """Return the arguments of `parkledger` that run this replica."""
        peers = ",".join(f"{peer}={at}" for peer, at in self.replicas.items() if peer != replica_id)
        return [
            "ledger",
            *("--replica-id", replica_id),
            *("--listen", str(self.replicas[replica_id])),
            *("--data", str(self.directory / replica_id)),
            *("--peers", peers),
        ]

    def processor_arguments(self) -> list[str]:
        """Return the arguments of `parkledger` that run the processor."""
        return [
            "processor",
            *("--listen", str(self.processor)),
            *("--ledger", ",".join(str(address) for address in self.ledger)),
            *("--processor-id", PROCESSOR),
            "--pictures",  # the demo's own clips, or what its own person gave it
        ]

    def web_arguments(self, listen: Address) -> list[str]:
        """Return the arguments of `parkledger` that run the web service."""
        return [
            "web",
            *("--listen", str(listen)),
            *("--ledger", ",".join(str(address) for address in self.ledger)),
            *("--processor", str(self.processor)),
        ]

    def camera_arguments(self, camera: CameraSource, *, fps: float) -> list[str]:
        """Return the arguments of `parkledger` that run this camera, but for its source."""
        arguments = [
            "camera",
            *("--camera-id", camera.camera_id),
            *("--processor", str(self.processor)),
            *("--fps", f"{fps:g}"),
            *("--picture-every", "1"),  # among strips, for the pages
        ]
        # A clip shorter than the demo starts over; its truth does too.
        return arguments if camera.live else [*arguments, "--loop"]


def camera_process(camera_id: str) -> str:
    """Return the name of a camera's process; a camera may be called `replica-1`."""
    return f"camera-{camera_id}"


async def start_cameras(
    supervisor: Supervisor, cluster: Cluster, cameras: Sequence[CameraSource], *, fps: float
) -> None:
    """Start every camera node at once, so that clips of one instant stay together."""
    for camera in cameras:
        await supervisor.start(
            camera_process(camera.camera_id),
            cluster.camera_arguments(camera, fps=fps),
            # Not an argument: an rtsp address may hold a password, and anyone may list processes.
            environment={"PARKLEDGER_CAMERA_SOURCE": camera.source},
        )


async def wait_listening(name: str, address: Address, *, timeout: float) -> None:
    """Return once something accepts connections there; raises OperationError after `timeout` s."""
    try:
        async with asyncio.timeout(timeout):
            while True:
                try:
                    _, writer = await asyncio.open_connection(address.host, address.port)
                except OSError:
                    await asyncio.sleep(_POLL_S)
                    continue
                writer.close()
                return
    except TimeoutError:
        raise OperationError(f"{name} does not listen on {address} after {timeout:g} s") from None
