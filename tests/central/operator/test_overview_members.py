"""`parkledger status` on learners, newcomers, compacted logs and snapshots."""

from dataclasses import replace

from central.ledger.records import MemberRole
from central.operator.overview import look
from tests.central.operator.scripted_ledger import replica
from tests.central.operator.test_overview import WHOLE, as_object, printed

PRIMARY = replica(1, primary=True)
LEARNER = replace(
    replica(2, applied=7), first_log_index=5, snapshot_index=4, member_role=MemberRole.LEARNER
)
NEWCOMER = replace(replica(3, applied=0), member_role=MemberRole.NONE)
GROWING = replace(
    WHOLE,
    replicas={
        "h:7001": replace(
            PRIMARY, peers=tuple(replace(peer, learner=True) for peer in PRIMARY.peers[:1])
        ),
        "h:7002": LEARNER,
        "h:7003": NEWCOMER,
    },
)
ADDRESSES = ["h:7001", "h:7003"]


def cells(text: str, name: str) -> list[str]:
    """Return the cells of a replica's row."""
    row = next(line for line in text.splitlines() if f"│ {name} " in line)
    return [cell.strip() for cell in row.split("│")[1:-1]]


async def test_the_table_shows_roles_logs_and_snapshots() -> None:
    text = printed(await look(GROWING, ADDRESSES, timeout=1.0))
    assert cells(text, "r1")[1:8] == ["primary", "h:7001", "1", "1–10", "10", "10", "0"]
    assert cells(text, "r2")[1:9] == ["learner", "h:7002", "1", "5–7", "7", "7", "3", "4"]
    assert cells(text, "r3")[1] == "no member"


async def test_the_object_has_them_too() -> None:
    shown = as_object(await look(GROWING, ADDRESSES, timeout=1.0))
    first, second, third = shown["replicas"]
    assert [one["member"] for one in (first, second, third)] == ["voter", "learner", "none"]
    assert (second["first_log_index"], second["snapshot_index"]) == (5, 4)
    assert first["snapshot_index"] is None
    assert [peer["learner"] for peer in first["peers"]] == [True]
