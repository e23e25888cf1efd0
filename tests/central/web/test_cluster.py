"""Replicas, heads and proofs over HTTP."""

import json
from pathlib import Path

from central.ledger.proof import proof_from_json
from central.web.settings import WebSettings
from node.address import Address
from tests.central.ledger.cluster import Cluster
from tests.central.web.harness import ANYWHERE, Web, served, told, web_service


async def test_replicas_and_a_fail_over_are_shown(tmp_path: Path) -> None:
    async with web_service(tmp_path, replica_ids=("a", "b", "c")) as web:
        primary = await web.cluster.primary()
        found = await web.until("/api/v1/cluster", lambda found: found["primary"] == primary)
        assert sorted(one["id"] for one in found["replicas"]) == ["a", "b", "c"]
        assert found["quorum"] is True
        await web.cluster.stop(primary)
        after = await web.until(
            "/api/v1/cluster", lambda found: found["primary"] not in (None, primary)
        )
        assert after["last_fail_over"]["before"] == primary
        away = [one for one in after["replicas"] if one["role"] == "away"]
        assert [one["address"] for one in away] == [str(web.cluster.addresses[primary])]
        assert [(one["id"], one["member"]) for one in away] == [(primary, None)]


async def test_an_address_at_which_no_member_is_is_told_as_that(tmp_path: Path) -> None:
    """As when a replica was removed that --ledger still names."""
    async with Cluster(tmp_path, replica_ids=("a",)) as cluster:
        addresses = (*told(cluster), Address("127.0.0.1", 1))
        async with served(WebSettings(ANYWHERE, addresses)) as http:
            web = Web(cluster, cluster.client(), http)
            found = await web.until("/api/v1/cluster", lambda found: found["primary"] == "a")
            (away,) = [one for one in found["replicas"] if one["role"] == "away"]
            assert (away["id"], away["member"]) == (None, "none")


async def test_a_proof_can_be_checked_against_a_head(tmp_path: Path) -> None:
    async with web_service(tmp_path) as web:
        await web.flip(3)
        (head,) = (await web.get("/api/v1/heads"))["heads"]
        found = await web.get(f"/api/v1/proofs/{head['index'] - 1}?head={head['index']}")
        assert found["holds"] is True
        proof = proof_from_json(json.dumps(found["proof"]), source="answer")
        assert proof.holds
        assert proof.head.digest.hex() == head["digest"]
        assert (await web.problem("/api/v1/proofs/99999", 404))["detail"]
        assert (await web.problem("/api/v1/proofs/0", 422))["detail"]
        (early,) = (await web.get("/api/v1/heads?index=1"))["heads"]
        assert early["index"] == 1
