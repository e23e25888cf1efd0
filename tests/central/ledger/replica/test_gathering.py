"""What several streams append while the disk is busy is one entry, and each learns its part."""

import asyncio
import random

import pytest

from central.ledger.command import AppendBatches, StoredBatches, decode, encode, read
from central.ledger.errors import NotPrimary, OutcomeUnknown
from central.ledger.outcome import Appended, Outcome
from central.ledger.records import DetectionBatch, Rejected
from central.ledger.replica import gathering
from central.ledger.replica.gathering import Gathering
from central.ledger.replica.requests import Requests
from central.ledger.state.state_machine import Applied
from central.raft import (
    Config,
    Configuration,
    Entry,
    HardState,
    Overloaded,
    Raft,
    Snapshot,
)
from tests.central.ledger.samples import OCCUPIED, appended, batch


class Alone:
    """The leader of a group of one, whose disk is as quick as we say."""

    def __init__(self, **limits: int) -> None:
        self.raft = Raft(
            Config(replica_id="a", **limits),
            hard_state=HardState(),
            start=Snapshot(configuration=Configuration(frozenset("a"))),
            entries=(),
            applied=0,
            rng=random.Random(0),
        )
        self.requests = Requests()
        self.gathering = Gathering(self.raft, self.requests, lambda: 7)

    def lead(self) -> None:
        while self.raft.role.value != "leader":
            self.raft.tick()
            self.entries()

    def entries(self) -> list[Entry]:
        """Write what is to be written; returns the entries that are committed now."""
        committed: list[Entry] = []
        while effects := self.raft.take_effects():
            for message in effects.messages_after:
                self.raft.step(message)
            committed += effects.committed
        return committed


def append(one: Gathering, *batches: DetectionBatch) -> asyncio.Future[Outcome]:
    command, _ = read(encode(appended(*batches), committed_at_us=0))
    assert isinstance(command, StoredBatches)
    return one.add(command)


def rejected(*batches: DetectionBatch) -> Appended:
    return Appended(tuple(Rejected(one.key, "no") for one in batches))


def said(number: int, camera: str = "near") -> DetectionBatch:
    return batch(camera, number, ("A1", OCCUPIED))


async def test_what_waits_is_one_entry_in_its_order_and_each_learns_its_part() -> None:
    alone = Alone()
    alone.lead()
    first = append(alone.gathering, said(1), said(2))
    second = append(alone.gathering, said(1, "far"))
    third = append(alone.gathering, said(3))
    third.cancel()
    alone.gathering.propose()
    alone.gathering.propose()  # nothing is left
    (entry,) = alone.entries()
    command, at = decode(entry.data)
    assert command == AppendBatches((said(1), said(2), said(1, "far"), said(3)))
    assert at == 7
    alone.requests.resolve([Applied(entry.index, entry.term, rejected(said(2), said(1, "far")))])
    assert await first == rejected(said(2))
    assert await second == rejected(said(1, "far"))


async def test_what_was_proposed_here_is_not_read_again() -> None:
    alone = Alone()
    alone.lead()
    sent, _ = read(encode(appended(said(1)), committed_at_us=0))
    assert isinstance(sent, StoredBatches)
    alone.gathering.add(sent)
    alone.gathering.propose()
    for number in (2, 3):
        append(alone.gathering, said(number))
        alone.gathering.propose()
    one, two, three = alone.entries()
    other = Entry(two.index, two.term, encode(appended(said(9)), committed_at_us=8))
    first, at = alone.gathering.read(one)
    assert isinstance(first, StoredBatches)
    assert first.batches[0] is sent.batches[0]
    assert (first, at) == read(one.data)
    assert alone.gathering.read(other) == read(other.data)  # another primary's in that place
    assert alone.gathering.read(three) == read(three.data)
    assert alone.gathering.read(one) == read(one.data)  # as often as it is asked
    assert not alone.gathering._proposed


async def test_whoever_leads_no_more_forgets_what_it_proposed() -> None:
    alone = Alone()
    alone.lead()
    append(alone.gathering, said(1))
    alone.gathering.propose()
    alone.gathering.refuse("b")
    assert not alone.gathering._proposed


async def test_what_is_too_much_is_another_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MOST_IN_AN_ENTRY", 3)
    monkeypatch.setattr(gathering, "MOST_WAITING", 7)
    alone = Alone()
    alone.lead()
    for numbers in ((1, 2), (3,), (4, 5, 6, 7)):
        append(alone.gathering, *map(said, numbers))
    with pytest.raises(Overloaded, match="7 batches wait"):
        append(alone.gathering, said(8))
    for _ in range(4):
        alone.gathering.propose()
    sizes = []
    for entry in alone.entries():
        command, _ = read(entry.data)
        assert isinstance(command, StoredBatches)
        sizes.append(len(command.batches))
    assert sizes == [3, 4]
    append(alone.gathering, said(8))  # there is room again


async def test_nothing_is_proposed_after_what_was_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that has seen 2 would take 1, sent again, for a duplicate: acked, never applied."""
    monkeypatch.setattr(gathering, "MOST_IN_AN_ENTRY", 3)
    alone = Alone(max_uncommitted_bytes=400)
    alone.lead()
    append(alone.gathering, *(said(number, "far") for number in (1, 2, 3)))
    alone.gathering.propose()  # more than half of it, which the disk is slow to take
    large = append(alone.gathering, *map(said, (1, 2, 3)))
    small = append(alone.gathering, said(4))
    alone.gathering.propose()
    alone.entries()
    alone.gathering.propose()
    assert alone.entries() == []
    for one in (large, small):
        with pytest.raises(Overloaded):
            await one
    append(alone.gathering, *map(said, (1, 2, 3)))  # sent again
    alone.gathering.propose()
    assert len(alone.entries()) == 1


async def test_who_does_not_lead_proposes_nothing_and_says_who_does() -> None:
    alone = Alone()
    waiting = append(alone.gathering, said(1))
    alone.gathering.propose()
    with pytest.raises(NotPrimary):
        await waiting
    waiting = append(alone.gathering, said(1))
    alone.gathering.refuse("b")
    with pytest.raises(NotPrimary):
        await waiting


async def test_all_of_an_entry_learn_that_nobody_knows_what_came_of_it() -> None:
    alone = Alone()
    alone.lead()
    waiting = [append(alone.gathering, said(1)), append(alone.gathering, said(2))]
    alone.gathering.propose()
    alone.requests.abandon()
    for one in waiting:
        with pytest.raises(OutcomeUnknown):
            await one
