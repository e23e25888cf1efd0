"""ClusterService: members and leadership, on one replica. Only the primary acts."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing

import grpc

from central.ledger import wire
from central.ledger.errors import NoCopy, NotPrimary
from central.ledger.interface import LedgerRefused
from central.ledger.peers.acquaintances import Acquaintances, lost_disk
from central.ledger.peers.members import Place, moved, promoted, staying, with_learner, without
from central.ledger.records import ReplicaStatus
from central.ledger.replica.replica import Replica
from central.ledger.services.backup_source import BackupSource
from central.ledger.wire.channels import Context, channel_options, parking_stub
from central.ledger.wire.status_codes import abort
from central.raft import ChangeRefused
from node.address import Address
from node.errors import OperationError, UsageError
from node.identifiers import check_id
from protos import cluster_pb2, cluster_pb2_grpc, parking_pb2

logger = logging.getLogger(__name__)

NEWCOMER_TIME_OUT = 1.0  # seconds that a newcomer has to say who it is

CATCH_UP_TIME_OUT = (
    5.0  # seconds that a replica which is asked for a copy has to apply what it lacks
)

Errors = (OperationError, UsageError, ChangeRefused)


class ClusterService(cluster_pb2_grpc.ClusterServiceServicer):
    """Answers operators."""

    def __init__(
        self, replica: Replica, acquaintances: Acquaintances, backups: BackupSource
    ) -> None:
        self._replica = replica
        self._backups = backups
        self._membership = replica.membership
        self._acquaintances = acquaintances

    async def GetMembers(  # noqa: N802 - the names are the service's
        self, request: cluster_pb2.GetMembersRequest, context: Context
    ) -> cluster_pb2.GetMembersResponse:
        """Tell who belongs to the group."""
        try:
            members = self._membership.members()
        except Errors as error:
            await abort(context, error, self._membership.addresses)
        return wire.members_to_proto(members)

    async def AddMember(  # noqa: N802
        self, request: cluster_pb2.AddMemberRequest, context: Context
    ) -> cluster_pb2.AddMemberResponse:
        """Commit a learner, or a member's new address."""
        try:
            replica_id = check_id("replica", request.replica_id)
            address = Address.parse(request.address)
            changed = await self._add(replica_id, address, stays=request.stays_learner)
        except Errors as error:
            await abort(context, error, self._membership.addresses)
        return cluster_pb2.AddMemberResponse(changed=changed)

    async def PromoteMember(  # noqa: N802
        self, request: cluster_pb2.PromoteMemberRequest, context: Context
    ) -> cluster_pb2.PromoteMemberResponse:
        """Commit that a learner may become a voter."""
        replica_id = request.replica_id
        try:
            self._check_primary()
            configuration = self._membership.configuration
            if replica_id not in configuration.members:
                raise LedgerRefused(f"replica '{replica_id}' is no member: add it first")
            if changed := replica_id in configuration.staying:
                await self._membership.change(promoted(configuration, replica_id))
                logger.info("member %s may vote once it keeps up", replica_id)
        except Errors as error:
            await abort(context, error, self._membership.addresses)
        return cluster_pb2.PromoteMemberResponse(changed=changed)

    async def RemoveMember(  # noqa: N802
        self, request: cluster_pb2.RemoveMemberRequest, context: Context
    ) -> cluster_pb2.RemoveMemberResponse:
        """Commit the group without a member."""
        replica_id = request.replica_id
        try:
            self._check_primary()
            member = replica_id in self._membership.configuration.members
            if member:
                self._membership.check_quorum_without(replica_id)
                await self._membership.change(without(self._membership.configuration, replica_id))
                logger.info("removed member %s", replica_id)
        except Errors as error:
            await abort(context, error, self._membership.addresses)
        return cluster_pb2.RemoveMemberResponse(changed=member)

    async def TransferLeadership(  # noqa: N802
        self, request: cluster_pb2.TransferLeadershipRequest, context: Context
    ) -> cluster_pb2.TransferLeadershipResponse:
        """Let another voter lead."""
        try:
            self._check_primary()
            primary_id = await self._membership.transfer(request.replica_id)
        except Errors as error:
            await abort(context, error, self._membership.addresses)
        return cluster_pb2.TransferLeadershipResponse(primary_id=primary_id)

    async def Backup(  # noqa: N802
        self, request: cluster_pb2.BackupRequest, context: Context
    ) -> AsyncIterator[cluster_pb2.BackupPiece]:
        """Stream a copy of what is applied here."""
        at_least = request.at_least_index
        try:
            await self._wait_stored(at_least)
            async with aclosing(self._backups.copy(at_least=at_least)) as parts:
                async for part in parts:
                    yield wire.backup_part_to_proto(part)
        except Errors as error:
            await abort(context, error, self._membership.addresses)

    async def _wait_stored(self, index: int) -> None:
        try:
            async with asyncio.timeout(CATCH_UP_TIME_OUT):
                await self._replica.wait_stored(index)
        except TimeoutError:
            raise NoCopy(
                f"replica '{self._replica.settings.replica_id}' has applied "
                f"{self._replica.applied_index}, not yet {index}: ask another one"
            ) from None

    async def _add(self, replica_id: str, address: Address, *, stays: bool) -> bool:
        self._check_primary()
        if replica_id == self._replica.settings.replica_id:
            incarnation = self._acquaintances.incarnation
        else:
            incarnation = await self._newcomer(replica_id, address)
        for other, at in self._membership.addresses.items():
            if at == address and other != replica_id:
                raise LedgerRefused(f"address {address} is that of replica '{other}': give another")
        configuration = self._membership.configuration
        if replica_id not in configuration.members:
            place = Place(address, incarnation)
            wanted = with_learner(configuration, replica_id, place)
            await self._membership.change(staying(wanted, replica_id) if stays else wanted)
            logger.info("added member %s at %s as a learner", replica_id, address)
            return True
        wanted = moved(configuration, replica_id, address)
        if stays:
            if replica_id in configuration.voters:
                raise LedgerRefused(
                    f"replica '{replica_id}' votes: remove it and add it anew, on an empty "
                    "directory, for it to be a learner"
                )
            wanted = staying(wanted, replica_id)
        if wanted == configuration:
            return False
        await self._membership.change(wanted)
        logger.info("member %s is at %s now", replica_id, address)
        return True

    async def _newcomer(self, replica_id: str, address: Address) -> str:
        """Return the incarnation of the replica that runs there. Raises LedgerRefused.

        Asked from here, for it is from here that it must be reached.
        """
        found = await _ask_status(replica_id, address)
        if found.replica_id != replica_id:
            raise LedgerRefused(
                f"at {address} is replica '{found.replica_id}', not '{replica_id}': give its own "
                "id, or the address of the newcomer"
            )
        if found.cluster_id != self._replica.settings.cluster_id:
            raise LedgerRefused(
                f"replica '{replica_id}' at {address} is of cluster '{found.cluster_id}', not of "
                f"'{self._replica.settings.cluster_id}': start it on an empty directory with --join"
            )
        member = replica_id in self._membership.configuration.members
        if member and self._acquaintances.fault(replica_id, found.incarnation):
            raise LedgerRefused(lost_disk(replica_id))
        return found.incarnation

    def _check_primary(self) -> None:
        if not self._replica.is_primary:
            raise NotPrimary(self._replica.primary_id)


async def _ask_status(replica_id: str, address: Address) -> ReplicaStatus:
    async with grpc.aio.insecure_channel(str(address), options=channel_options()) as channel:
        try:
            status = await parking_stub(channel).GetReplicaStatus(
                parking_pb2.GetReplicaStatusRequest(), timeout=NEWCOMER_TIME_OUT
            )
        except grpc.aio.AioRpcError as error:
            raise LedgerRefused(
                f"replica '{replica_id}' does not answer the primary at {address}: start it there "
                f"first, with 'parkledger ledger --replica-id {replica_id} --listen {address} "
                "--data DIR --join HOST:PORT'"
            ) from error
    return wire.replica_status_from_proto(status)
