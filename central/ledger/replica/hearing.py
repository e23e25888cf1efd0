"""When each peer, and a leader, last spoke: how old a replica's knowledge is. Pure; `now` in s."""

from collections.abc import Collection

from central.raft.quorum import majority


class Hearing:
    """`now` is monotonic. Peers that were removed stay known; they are few."""

    def __init__(self) -> None:
        self._heard_at: dict[str, float] = {}
        self._led_at: float | None = None

    def heard(self, peer: str, *, now: float) -> None:
        """Note that a peer spoke."""
        self._heard_at[peer] = now

    def led(self, *, now: float) -> None:
        """Note that the leader that is followed spoke."""
        self._led_at = now

    def since_us(self, peer: str, *, now: float) -> int:
        """Return the microseconds since a peer last spoke, -1 if it never did."""
        at = self._heard_at.get(peer)
        return -1 if at is None else int((now - at) * 1e6)

    def as_primary_us(self, voters: Collection[str], *, now: float) -> int:
        """Return since when a quorum of the voters, oneself counted, has spoken; -1 for never."""
        ages = sorted(self.since_us(peer, now=now) for peer in voters if peer in self._heard_at)
        needed = majority(len(voters)) - 1
        if needed == 0:
            return 0
        return ages[needed - 1] if len(ages) >= needed else -1

    def as_backup_us(self, *, now: float) -> int:
        """Return since when a leader has spoken, -1 for never."""
        return -1 if self._led_at is None else int((now - self._led_at) * 1e6)
