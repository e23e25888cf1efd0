"""What of the committed entries need not wait for a write: what is on disk, in its order."""

import pytest

from central.raft import Effects, Entry, Persist, Restore, Snapshot, split_committed


def entries(*indexes: int) -> tuple[Entry, ...]:
    return tuple(Entry(index, 1) for index in indexes)


def effects(*, writes: tuple[int, ...] = (), commits: tuple[int, ...] = ()) -> Effects:
    persist = Persist(entries=entries(*writes)) if writes else None
    return Effects(persist=persist, committed=entries(*commits))


@pytest.mark.parametrize(
    ("before", "now", "early"),
    [
        ([], effects(commits=(1, 2)), (1, 2)),
        ([], effects(writes=(3,), commits=(1, 2)), (1, 2)),
        ([], effects(writes=(2, 3), commits=(1, 2)), (1,)),
        ([], effects(writes=(1,), commits=(1,)), ()),
        ([effects(writes=(2,))], effects(commits=(1, 2)), (1,)),
        ([effects(writes=(2,))], effects(writes=(3,), commits=(1, 2)), (1,)),
        ([effects(writes=(4,)), effects(writes=(2,))], effects(commits=(1, 2, 3)), (1,)),
        ([effects()], effects(commits=(1,)), (1,)),
        ([effects(commits=(1,))], effects(commits=(2,)), ()),
        ([effects(writes=(2,), commits=(1,))], effects(commits=(2,)), ()),
        ([], effects(writes=(1,)), ()),
    ],
)
def test_it_is_what_lies_below_the_first_unwritten_entry(
    before: list[Effects], now: Effects, early: tuple[int, ...]
) -> None:
    found, rest = split_committed(now, before)
    assert tuple(entry.index for entry in found) == early
    assert (*found, *rest.committed) == now.committed
    assert rest.persist == now.persist


def test_a_snapshot_that_is_to_be_restored_comes_first() -> None:
    restore = Effects(restore=Restore(Snapshot(5, 1), b"s"), committed=entries(6))
    assert split_committed(restore, ()) == ((), restore)
    assert split_committed(effects(commits=(7,)), [restore])[0] == ()
