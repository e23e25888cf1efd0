"""`parkledger ledger --join`: what a newcomer is told, and what it refuses."""

from pathlib import Path

import pytest

from central.ledger.client.joining import cluster_to_join
from central.ledger.replica.opening import open_replica
from central.raft import Configuration
from node.address import Address
from node.errors import OperationError, UsageError
from tests.central.ledger.cluster import DEADLINE, Cluster, free_ports
from tests.central.ledger.peers.test_identity import settings
from tests.command_line import Runner

COMMAND = ("ledger", "--replica-id", "b", "--listen", "127.0.0.1:7009")


async def test_a_newcomer_learns_the_cluster_of_any_member(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a", "b")) as cluster:
        backup = await cluster.backup()
        assert await cluster_to_join("c", cluster.addresses[backup], timeout=DEADLINE) == "test"


async def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    """It may be that one's, with an empty disk."""
    async with Cluster(tmp_path, replica_ids=("a", "b")) as cluster:
        await cluster.primary()
        with pytest.raises(UsageError, match=r"has a replica 'b' already; .* members remove b'"):
            await cluster_to_join("b", cluster.addresses["a"], timeout=DEADLINE)


async def test_a_group_without_a_quorum_is_not_joined(tmp_path: Path) -> None:
    async with Cluster(tmp_path, replica_ids=("a", "b")) as cluster:
        await cluster.stop("b")
        with pytest.raises(OperationError, match=r"--join .*: the group does not answer .* primar"):
            await cluster_to_join("c", cluster.addresses["a"], timeout=0.5)


def test_one_joins_or_begins(tmp_path: Path, run: Runner) -> None:
    refused = run(*COMMAND, "--data", tmp_path / "b", "--join", "h:1", "--peers", "a=10.0.0.1:7001")
    assert refused.code == 2
    assert "--join h:1 and --peers: a replica begins a new cluster or joins one" in refused.err
    assert not (tmp_path / "b").exists()


async def test_nobody_there_is_told() -> None:
    nobody = Address("127.0.0.1", free_ports(1)[0])
    with pytest.raises(OperationError, match=f"--join {nobody}: the group does not answer"):
        await cluster_to_join("b", nobody, timeout=0.3)


def test_one_that_has_joined_asks_nobody(tmp_path: Path) -> None:
    """The member that it was told of may be gone for long."""
    from central.ledger.commands.ledger import _group

    opened = open_replica(settings(tmp_path, Configuration(), "west-1"))
    opened.state_machine.close()
    opened.storage.close()
    gone = Address("127.0.0.1", free_ports(1)[0])
    first, cluster_id = _group("a", Address("127.0.0.1", 7001), tmp_path, {}, gone, None)
    assert (first, cluster_id) == (Configuration(), "")
    again = open_replica(settings(tmp_path, first, cluster_id))
    assert again.settings.cluster_id == "west-1"
    again.state_machine.close()
    again.storage.close()
