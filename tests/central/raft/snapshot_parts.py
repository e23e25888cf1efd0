"""What the tests of snapshots share."""

from central.raft import (
    Configuration,
    InstallSnapshot,
    Message,
    Raft,
    Snapshot,
    SnapshotReply,
)
from tests.central.raft.group import (
    PIECE_BYTES,
    Group,
    raft_of,
    take,
)

ABC = Configuration(frozenset("abc"))
ABCD = Configuration(frozenset("abcd"))
TEN = Snapshot(10, 3, ABCD)


def piece_of(
    snapshot: Snapshot = TEN,
    *,
    offset: int = 0,
    data: bytes = b"1234",
    size: int = 8,
    identity: bytes = b"x",
    term: int = 4,
) -> InstallSnapshot:
    """Return what leader b sends to a; two pieces of four bytes make the snapshot."""
    return InstallSnapshot("b", "a", term, snapshot, identity, size, offset, data)


def receive(raft: Raft, snapshot: Snapshot = TEN, identity: bytes = b"x") -> None:
    """Give a replica both pieces, as if each were written before the next comes."""
    for offset in (0, 4):
        raft.step(piece_of(snapshot, offset=offset, identity=identity))
        take(raft)


def group_with_c_behind(entries: int = 6) -> Group:
    """Return a group that a leads, and whose c lacks what a keeps no longer."""
    group = Group(*(raft_of(name) for name in "abc"))
    group.elect("a")
    group.cut = {"c"}
    group["a"].propose([b"%d" % i for i in range(entries)])
    group.tick(3)
    group.compact("a")
    return group


def is_install(message: object) -> bool:
    """Return whether a message carries a piece of a snapshot."""
    return isinstance(message, InstallSnapshot)


def offset_of(message: Message) -> int:
    """Return the offset of a snapshot's piece; that of anything else is before all of them."""
    return message.offset if isinstance(message, InstallSnapshot) else -1


def group_half_way(*, lost: type[Message] = InstallSnapshot) -> Group:
    """Return a group whose c has three pieces on disk; the fourth, or the third's answer, is lost.

    `wanted` begins there.
    """
    group = group_with_c_behind()
    group.cut = set()
    for _ in range(2):
        group["a"].tick()
    if lost is InstallSnapshot:
        group.deliver(lambda message: offset_of(message) < 3 * PIECE_BYTES)
    else:
        group.deliver(
            lambda message: not isinstance(message, SnapshotReply) or message.next_offset < 12
        )
    assert len(group.mail) == 1
    group.mail.clear()
    assert len(group.disks["c"].pieces) == 3
    group.wanted.clear()
    return group
