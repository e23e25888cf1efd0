"""Who belongs to the group and who leads it: what a replica knows and, as primary, changes."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from central.ledger.errors import NotPrimary, OutcomeUnknown
from central.ledger.interface import LedgerRefused
from central.ledger.peers.members import Standing, decode_addresses, encode_addresses
from central.ledger.records import Member, MemberRole, Members
from central.ledger.replica.hearing import Hearing
from central.ledger.replica.opening import ReplicaSettings
from central.ledger.replica.requests import Requests
from central.raft import Configuration, NotLeader, Raft, Role
from central.raft.quorum import majority
from node.address import Address

logger = logging.getLogger(__name__)


class Membership:
    """Part of a Replica: belongs to its event loop. `wake` tells it that the core has work."""

    def __init__(
        self,
        settings: ReplicaSettings,
        raft: Raft,
        requests: Requests,
        hearing: Hearing,
        *,
        wake: Callable[[], None],
        on_members: Callable[[Standing], None],
    ) -> None:
        """`on_members` is told whenever the configuration changes."""
        self._me = settings.replica_id
        self._cluster_id = settings.cluster_id
        self._election_time_out = settings.election_ticks * settings.tick
        self._raft = raft
        self._requests = requests
        self._hearing = hearing
        self._wake = wake
        self._on_members = on_members
        self._leads_no_more = asyncio.Event()
        self._led = asyncio.Event()  # while a leader is known
        self._seen: Configuration | None = None
        self._standing = Standing(Configuration(), 0, committed=False)
        self._addresses: dict[str, Address] = {}
        self.notice()

    # ---- what one may look at ---

    @property
    def configuration(self) -> Configuration:
        """The latest configuration in this replica's log."""
        return self._raft.configuration

    @property
    def standing(self) -> Standing:
        """The same, with where it is in the log, and whether it can no longer be taken back."""
        raft, known = self._raft, self._standing
        configuration, index = raft.configuration, raft.configuration_index
        committed = raft.configuration_is_committed
        same = known.configuration is configuration and known.index == index
        if not same or known.committed != committed:
            known = self._standing = Standing(configuration, index, committed)
        return known  # the same one as before where it can be: it is asked before each message

    @property
    def addresses(self) -> Mapping[str, Address]:
        """Where each member is, this replica too."""
        return self._addresses

    def role(self, replica_id: str) -> MemberRole:
        """Return what a replica is to the group."""
        if replica_id in self.configuration.voters:
            return MemberRole.VOTER
        learns = replica_id in self.configuration.learners
        return MemberRole.LEARNER if learns else MemberRole.NONE

    def members(self) -> Members:
        """Return who belongs to the group. Raises NotPrimary."""
        if self._raft.role is not Role.LEADER:
            raise NotPrimary(self._raft.leader)
        matches = {**self._raft.match_indexes(), self._me: self._raft.last_index}
        return Members(
            cluster_id=self._cluster_id,
            primary_id=self._me,
            last_log_index=self._raft.last_index,
            committed=self.standing.committed,
            members=tuple(
                Member(
                    replica_id,
                    str(self._addresses[replica_id]),
                    self.role(replica_id),
                    matches.get(replica_id, 0),
                    self._heard_us(replica_id),
                    stays=replica_id in self.configuration.staying,
                )
                for replica_id in sorted(self.configuration.members)
            ),
        )

    # ---- what one may ask ---

    async def change(self, wanted: Configuration) -> None:
        """Commit a configuration that has one member more, less or elsewhere.

        Raises NotPrimary (nothing was proposed), OutcomeUnknown, LedgerRefused, or
        central.raft.ChangeRefused while an earlier change is under way.
        """
        try:
            index = self._raft.change_configuration(wanted)
        except NotLeader as error:
            raise NotPrimary(error.leader) from error
        except ValueError as error:
            raise LedgerRefused(str(error)) from error
        self.notice()
        self._wake()
        try:
            await self._requests.applied(index, term=self._raft.term)
        except OutcomeUnknown:
            # Who removes itself no longer leads when it is committed.
            if self.configuration != wanted or not self.standing.committed:
                raise

    def check_quorum_without(self, replica_id: str) -> None:
        """Raise LedgerRefused if the voters that stay could commit nothing."""
        stay = self.configuration.voters - {replica_id}
        silent = sorted(stay - self._awake())
        if replica_id not in self.configuration.voters:
            return
        if not stay:
            raise LedgerRefused(
                f"replica '{replica_id}' is the only voter: add another one first, or stop it"
            )
        if len(stay) - len(silent) < majority(len(stay)):
            raise LedgerRefused(
                f"without '{replica_id}' nothing could be committed, for {_named(silent)} "
                f"{'does' if len(silent) == 1 else 'do'} not answer: start or remove "
                f"{'it' if len(silent) == 1 else 'them'} first"
            )

    async def transfer(self, target: str) -> str:
        """As primary: let another voter lead; returns who leads then, empty if none is known yet.

        With an empty target the one that holds most. If it does not take over, we go on leading.
        Raises NotPrimary, LedgerRefused.
        """
        if self._raft.role is not Role.LEADER:
            raise NotPrimary(self._raft.leader)
        voters = self.configuration.voters
        if target and target not in voters:
            raise LedgerRefused(
                f"replica '{target}' is no voter: choose one of {_named(sorted(voters))}"
            )
        if target == self._me:
            return self._me
        if not target and not self._heirs():
            raise LedgerRefused("no other voter answers: start or add one first")
        if target and target not in self._awake():
            raise LedgerRefused(f"replica '{target}' does not answer: start it, or choose another")
        await self.hand_over(target, timeout=2 * self._election_time_out)
        await self.somebody_leads(timeout=2 * self._election_time_out)
        return self._raft.leader or ""

    async def somebody_leads(self, *, timeout: float) -> None:
        """Wait until a leader is known, but no longer than that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._led.wait()

    async def hand_over(self, target: str = "", *, timeout: float) -> bool:
        """As leader: let a voter lead, of those that answer the one that is furthest.

        Returns whether we lead no more. At a stop on purpose it costs clients no election time-out.
        """
        heirs = self._heirs()
        if self._raft.role is not Role.LEADER or not (target or heirs):
            return False
        self._leads_no_more.clear()
        self._raft.transfer_leadership(target or max(heirs, key=heirs.__getitem__))
        self._wake()
        try:
            async with asyncio.timeout(timeout):
                await self._leads_no_more.wait()
        except TimeoutError:
            return False
        return True

    def notice(self) -> None:
        """Look what has changed; called after everything that the core was told."""
        if self._raft.role is not Role.LEADER:
            self._leads_no_more.set()
        if self._raft.leader is None:
            self._led.clear()
        else:
            self._led.set()
        if self._seen is self.configuration:
            return
        before, self._seen = self._seen, self.configuration
        self._addresses = decode_addresses(self._seen.context)
        self._on_members(self.standing)
        if before is not None:
            logger.info("members: %s", encode_addresses(self._addresses).decode() or "none")
            if self._me in before.members and self._me not in self._seen.members:
                logger.warning(
                    "replica %s is no member any more: stop it, and delete its data", self._me
                )

    # ---- parts ---

    def _heirs(self) -> dict[str, int]:
        """Return the other voters that answer and the last index on their disks."""
        awake = self._awake() & self.configuration.voters
        matches = self._raft.match_indexes().items()
        return {peer: match for peer, match in sorted(matches) if peer in awake}

    def _awake(self) -> set[str]:
        """Return the members that spoke within an election time-out, ourselves counted."""
        recently = self._election_time_out * 1e6
        members = self.configuration.members
        return {one for one in members if 0 <= self._heard_us(one) < recently}

    def _heard_us(self, replica_id: str) -> int:
        if replica_id == self._me:
            return 0
        return self._hearing.since_us(replica_id, now=time.monotonic())


def _named(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
