"""A group of replicas in memory: it tells what it was scripted to, one after another."""

from central.ledger.interface import LedgerUnavailable
from central.ledger.records import Member, MemberRole, Members

VOTER, LEARNER = MemberRole.VOTER, MemberRole.LEARNER


def member(
    replica_id: str,
    role: MemberRole = VOTER,
    *,
    holds: int = 9,
    heard: int = 0,
    stays: bool = False,
) -> Member:
    """Return a member at h:1."""
    return Member(replica_id, "h:1", role, holds, heard, stays)


def group(*members: Member, primary: str = "a", committed: bool = True) -> Members:
    """Return a group whose log ends at 9."""
    return Members("c-1", primary, 9, committed, members)


class FakeGroup:
    """`answers` to `members`, the last one for ever; None is no answer."""

    def __init__(self, *answers: Members | None) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, ...]] = []
        self.changed = True

    async def members(self, *, timeout: float = 10.0) -> Members:
        """Tell the next answer."""
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer is None:
            raise LedgerUnavailable("no replica answers")
        return answer

    async def add_member(
        self,
        replica_id: str,
        address: str,
        *,
        stays_learner: bool = False,
        timeout: float = 10.0,
    ) -> bool:
        """Remember that it was asked."""
        self.asked.append(("add", replica_id, address, *(["stays"] if stays_learner else [])))
        return self.changed

    async def promote_member(self, replica_id: str, *, timeout: float = 10.0) -> bool:
        """Remember that it was asked."""
        self.asked.append(("promote", replica_id))
        return self.changed

    async def remove_member(self, replica_id: str, *, timeout: float = 10.0) -> bool:
        """Remember that it was asked."""
        self.asked.append(("remove", replica_id))
        return self.changed

    async def transfer(self, replica_id: str = "", *, timeout: float = 10.0) -> str:
        """Remember that it was asked."""
        self.asked.append(("transfer", replica_id))
        return replica_id

    async def close(self) -> None:
        """Nothing is open."""
