"""`parkledger recover`: a group of one survivor's data."""

import asyncio
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from central.ledger.commands.recover import recover
from central.ledger.records import Occupancy
from tests.central.ledger.cluster import Cluster
from tests.central.ledger.samples import OCCUPIED, batch, layout
from tests.command_line import Runner


def lose_two_of_three(directory: Path) -> tuple[str, int]:
    """Run three replicas for a while; returns the id of one, and where its log ends."""

    async def life() -> tuple[str, int]:
        async with Cluster(directory) as cluster:
            client = cluster.client()
            await client.apply(layout())
            await client.append(batch("near", 1, ("A1", OCCUPIED)))
            survivor = await cluster.primary()
            return survivor, (await cluster.status(survivor)).last_log_index

    return asyncio.run(life())


def test_the_survivor_is_a_group_of_its_own(tmp_path: Path, run: Runner) -> None:
    survivor, last = lose_two_of_three(tmp_path)
    data = ("--data", tmp_path / survivor, "--replica-id", survivor)
    looked = run("recover", *data, "--dry-run")
    assert looked.code == 0
    (end,) = (line for line in looked.out if line.startswith("its log ends at:"))
    assert int(end.rpartition(" ")[2]) >= last
    assert run("recover", *data, "--dry-run").out == looked.out  # it has changed nothing

    async def life() -> None:
        async with Cluster(tmp_path, replica_ids=()) as cluster:
            cluster.newcomer(survivor)  # the port was chosen before
            address = cluster.addresses[survivor]
            await cluster.stop(survivor)
            forced = CliRunner().invoke(
                recover,
                [*map(str, data), "--listen", str(address), "--force-new-cluster", "--yes"],
            )
            assert forced.exit_code == 0, forced.output
            assert f"Start it with\n  parkledger ledger --replica-id {survivor}" in forced.output
            cluster.start(survivor)
            client = cluster.client(survivor)
            state = await client.get()
            assert state.lots[0].spots[0].occupancy is Occupancy.OCCUPIED
            members = await client.members()
            assert [one.replica_id for one in members.members] == [survivor]
            # The lost ones would be refused, for their cluster has another id.
            assert members.cluster_id.startswith("test-")
            cluster.cluster_id = members.cluster_id
            newcomer = cluster.newcomer("d")
            await cluster.status("d")
            assert await client.add_member("d", newcomer)

    asyncio.run(life())


def test_it_asks_first(tmp_path: Path) -> None:
    survivor, _ = lose_two_of_three(tmp_path)
    arguments = ["--data", str(tmp_path / survivor), "--replica-id", survivor]
    said_no = CliRunner().invoke(recover, [*arguments, "--force-new-cluster"], input="n\n")
    assert said_no.exit_code == 1
    assert "What may be lost" in said_no.output
    looked = CliRunner().invoke(recover, [*arguments, "--dry-run"])
    assert "members by its log: a, b, c" in looked.output


@pytest.mark.parametrize("flags", [(), ("--dry-run", "--force-new-cluster")])
def test_it_must_be_told_which(tmp_path: Path, run: Runner, flags: tuple[str, ...]) -> None:
    refused = run("recover", "--data", tmp_path, "--replica-id", "a", *flags)
    assert refused.code == 2
    assert refused.err.count("\n") == 1
    assert "either --dry-run or --force-new-cluster" in refused.err


def test_an_empty_directory_is_no_survivor(tmp_path: Path, run: Runner) -> None:
    refused = run("recover", "--data", tmp_path, "--replica-id", "a", "--dry-run")
    assert refused.code == 2
    assert f"--data {tmp_path}: no replica has run there" in refused.err
    assert list(tmp_path.iterdir()) == []
    file = tmp_path / "file"
    file.touch()
    refused = run("recover", "--data", file, "--replica-id", "a", "--dry-run")
    assert (refused.code, f"--data {file}: is a file" in refused.err) == (2, True)


def test_a_replica_that_runs_is_left_alone(tmp_path: Path) -> None:
    async def life() -> click.testing.Result:
        async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
            await cluster.primary()
            return CliRunner().invoke(
                recover, ["--data", str(tmp_path / "a"), "--replica-id", "a", "--dry-run"]
            )

    assert "in use by another process" in str(asyncio.run(life()).exception)


def test_another_replicas_directory_is_named(tmp_path: Path, run: Runner) -> None:
    survivor, _ = lose_two_of_three(tmp_path)
    refused = run("recover", "--data", tmp_path / survivor, "--replica-id", "z", "--dry-run")
    assert refused.code == 2
    assert f"belongs to replica '{survivor}', not 'z'" in refused.err
