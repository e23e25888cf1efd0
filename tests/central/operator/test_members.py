"""Changes of the group as an operator sees them."""

from json import dumps

import pytest

from central.ledger.records import Members
from central.operator.members import (
    add,
    heard,
    member_lines,
    members_object,
    promote,
    remove,
    transfer,
)
from node.errors import OperationError
from tests.central.operator.fake_group import LEARNER, FakeGroup, group, member
from tests.command_line import Runner

AB = group(member("a"), member("b"))
ABC = group(member("a"), member("b"), member("c"))


async def added(ledger: FakeGroup, *, timeout: float = 10.0) -> list[str]:
    """Return the lines that adding d says."""
    lines = add(ledger, "d", "h:4", stays_learner=False, timeout=timeout)
    return [line async for line in lines]


def learning(holds: int, *, committed: bool = True) -> Members:
    return group(member("a"), member("d", LEARNER, holds=holds), committed=committed)


async def test_adding_tells_how_far_it_is_until_it_votes() -> None:
    voting = (member("a"), member("b"), member("d"))
    ledger = FakeGroup(
        learning(3), learning(3), learning(7), group(*voting, committed=False), group(*voting)
    )
    assert await added(ledger) == [
        "d: added, at h:4",
        "d: a learner, holds 3 of 9",
        "d: a learner, holds 7 of 9",
        "d: not committed yet as a voter",
        "d: a voter; 3 voters, the group survives the loss of 1",
    ]
    assert ledger.asked == [("add", "d", "h:4")]


async def test_adding_what_is_a_member_says_so() -> None:
    ledger = FakeGroup(group(member("a"), member("d")))
    ledger.changed = False
    assert (await added(ledger))[0] == "d: a member already, at h:4"


async def test_adding_that_takes_too_long_says_where_to_look() -> None:
    ledger = FakeGroup(group(member("a"), member("d", LEARNER, holds=3, heard=2_500_000)))
    with pytest.raises(
        OperationError,
        match=r"'d' does not vote yet after 0\.01 s \(it holds entry 3 and was heard 2\.5 s ago\): "
        r"it goes on by itself; look at 'parkledger members list', .* reach each other at h:1",
    ):
        await added(ledger, timeout=0.01)


async def test_adding_while_nobody_leads_says_that() -> None:
    with pytest.raises(OperationError, match="the primary cannot be asked"):
        await added(FakeGroup(None))


async def test_one_that_is_removed_while_it_learns_is_no_success() -> None:
    with pytest.raises(OperationError, match="'d' was removed again meanwhile"):
        await added(FakeGroup(learning(3), AB))


def staying(holds: int) -> Members:
    return group(member("a"), member("d", LEARNER, holds=holds, stays=True))


async def test_one_that_is_to_stay_a_learner_is_waited_for_until_it_holds_everything() -> None:
    ledger = FakeGroup(staying(3), staying(9))
    lines = add(ledger, "d", "h:4", stays_learner=True, timeout=10.0)
    assert [line async for line in lines] == [
        "d: added, at h:4",
        "d: a learner, stays one, holds 3 of 9",
        "d: a learner, stays one, holds 9 of 9",
    ]
    assert ledger.asked == [("add", "d", "h:4", "stays")]


async def test_adding_one_that_stays_a_learner_does_not_wait_for_its_vote() -> None:
    ledger = FakeGroup(staying(9))
    ledger.changed = False
    with pytest.raises(OperationError, match=r"'d' is to stay a learner: let it vote with '.* pro"):
        await added(ledger)


async def test_promoting_tells_how_far_it_is_until_it_votes() -> None:
    ledger = FakeGroup(staying(9), learning(9), group(member("a"), member("d")))
    assert [line async for line in promote(ledger, "d", timeout=10.0)] == [
        "d: need not stay a learner any more",
        "d: a learner, holds 9 of 9",
        "d: a voter; 2 voters, the group survives the loss of none",
    ]
    assert ledger.asked == [("promote", "d")]
    ledger = FakeGroup(ABC)
    ledger.changed = False
    assert [line async for line in promote(ledger, "c", timeout=10.0)] == [
        "c: a voter; 3 voters, the group survives the loss of 1"
    ]
    with pytest.raises(OperationError, match="replica 'z' is no member: the members are a, b, c"):
        [line async for line in promote(FakeGroup(ABC), "z", timeout=10.0)]


def test_who_stays_a_learner_is_shown() -> None:
    assert "learner, stays" in member_lines(staying(9))[2]
    assert '"stays": true' in dumps(members_object(staying(9)))


async def test_removing_says_what_is_left() -> None:
    ledger = FakeGroup(ABC, AB)
    assert await remove(ledger, "c", timeout=1) == (
        "c: removed, stop it now and delete its data; 2 voters, the group survives the loss of none"
    )
    assert ledger.asked == [("remove", "c")]


async def test_removing_nobody_names_the_members() -> None:
    ledger = FakeGroup(ABC)
    with pytest.raises(OperationError, match="replica 'z' is no member: the members are a, b, c"):
        await remove(ledger, "z", timeout=1)
    assert ledger.asked == []


async def test_a_transfer_says_who_leads_now() -> None:
    ledger = FakeGroup(AB, group(member("a"), member("b"), primary="b"))
    assert await transfer(ledger, "", timeout=1) == "b: is the primary now, after a"


async def test_a_transfer_to_the_primary_asks_nothing() -> None:
    ledger = FakeGroup(AB)
    assert await transfer(ledger, "a", timeout=1) == "a: is the primary already"
    assert ledger.asked == []


@pytest.mark.parametrize(("to", "now"), [("b", "a"), ("", "a"), ("b", "c")])
async def test_a_transfer_that_failed_is_an_error(to: str, now: str) -> None:
    members = (member("a"), member("b"), member("c"))
    ledger = FakeGroup(ABC, group(*members, primary=now))
    with pytest.raises(OperationError, match=f"did not take over, '{now}' is the primary: look at"):
        await transfer(ledger, to, timeout=1)


def test_members_are_a_table() -> None:
    lagging = group(
        member("a"), member("b", holds=4, heard=80_000), member("d", LEARNER, holds=0, heard=-1)
    )
    assert member_lines(lagging) == [
        "replica  address  role     holds  lag  heard",
        "a        h:1      primary  9      0",
        "b        h:1      voter    4      5    0.1 s ago",
        "d        h:1      learner  0      9    never",
        "cluster c-1: 2 voters, the group survives the loss of none",
    ]
    assert "not committed yet" in member_lines(group(member("a"), committed=False))[-1]


def test_members_are_an_object() -> None:
    shown = members_object(group(member("a"), member("d", LEARNER, holds=0, heard=-1)))
    assert shown["primary"] == "a"
    assert shown["members"] == [
        {
            "replica": "a",
            "address": "h:1",
            "role": "voter",
            "stays": False,
            "match_index": 9,
            "last_heard_us": 0,
        },
        {
            "replica": "d",
            "address": "h:1",
            "role": "learner",
            "stays": False,
            "match_index": 0,
            "last_heard_us": None,
        },
    ]


def test_silence_is_told_in_seconds() -> None:
    assert (heard(-1), heard(0), heard(12_340_000)) == ("never", "0.0 s ago", "12.3 s ago")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("members", "add", "d"), "HOST:PORT"),
        (("members", "add", "d", "nonsense"), "write HOST:PORT"),
        (("members", "add", "no good", "h:1"), "replica id 'no good'"),
        (("members", "remove"), "ID"),
        (("members", "remove", "c", "--timeout", "0"), "--timeout"),
        (("members", "demote", "c"), "demote"),
        (("members", "promote"), "ID"),
        (("transfer", "--to", "no good"), "replica id 'no good'"),
    ],
)
def test_what_is_wrongly_asked_is_one_line(
    run: Runner, arguments: tuple[str, ...], said: str
) -> None:
    refused = run(*arguments)
    assert refused.code == 2
    assert refused.err.count("\n") == 1
    assert said in refused.err


@pytest.mark.parametrize("name", ["list", "add", "promote", "remove"])
def test_each_has_an_example(run: Runner, name: str) -> None:
    shown = run("members", name, "--help")
    assert shown.code == 0
    text = " ".join(" ".join(shown.out).split())
    assert f"parkledger members {name} " in text
    assert f"env var: PARKLEDGER_MEMBERS_{name.upper()}_LEDGER" in text
