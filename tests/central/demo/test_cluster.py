"""The command lines of a demo's processes are what those commands take."""

from pathlib import Path

import click
import pytest

from central.demo.cluster import Cluster, wait_listening
from central.demo.settings import CameraSource
from node.address import Address
from node.cli import group
from node.errors import OperationError

CLUSTER = Cluster.plan(Path("/nowhere"))


def parsed(arguments: list[str]) -> dict[str, object]:
    """Return what the real command makes of the arguments, without running it."""
    context = click.Context(group)
    command = group.get_command(context, arguments[0])
    assert command is not None
    return command.make_context(arguments[0], arguments[1:], parent=context).params


def test_replicas_name_each_other() -> None:
    options = parsed(CLUSTER.replica_arguments("replica-2"))
    assert options["replica_id"] == "replica-2"
    assert options["listen"] == CLUSTER.replicas["replica-2"]
    assert options["peers"] == {
        name: at for name, at in CLUSTER.replicas.items() if name != "replica-2"
    }


def test_the_processor_knows_all_replicas() -> None:
    options = parsed(CLUSTER.processor_arguments())
    assert options["listen"] == CLUSTER.processor
    assert options["ledger"] == CLUSTER.ledger


def test_the_web_service_knows_all_replicas_and_the_processor() -> None:
    options = parsed(CLUSTER.web_arguments(Address("127.0.0.1", 8080)))
    assert options["listen"] == Address("127.0.0.1", 8080)
    assert options["ledger"] == CLUSTER.ledger
    assert options["processor"] == (CLUSTER.processor,)


def test_files_start_over_and_live_sources_cannot(tmp_path: Path) -> None:
    clip = tmp_path / "a.mp4"
    clip.touch()
    for source, loop in ((str(clip), True), ("rtsp://host/stream", False)):
        arguments = CLUSTER.camera_arguments(CameraSource("north-east", source), fps=0.5)
        options = parsed([*arguments, "--source", source])
        assert options["fps"] == 0.5
        assert options["loop"] is loop
        assert source not in arguments  # it may hold a password


async def test_nobody_listens() -> None:
    with pytest.raises(OperationError, match=r"processor does not listen on 127.0.0.1:1 after"):
        await wait_listening("processor", Address("127.0.0.1", 1), timeout=0.1)
