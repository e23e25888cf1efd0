"""A newcomer asks a running member which group it is to wait for."""

from central.ledger.client import LedgerClient
from central.ledger.interface import LedgerError
from node.address import Address
from node.errors import OperationError, UsageError


async def cluster_to_join(replica_id: str, member: Address, *, timeout: float) -> str:
    """Return the id of the member's cluster. `timeout` in seconds.

    Raises OperationError if the group does not answer, UsageError if it has a member of that id:
    its disk is not this empty one.
    """
    client = LedgerClient([member])
    try:
        members = await client.members(timeout=timeout)
    except LedgerError as error:
        raise OperationError(
            f"--join {member}: the group does not answer ({error}): give a member of a group that "
            "has a primary"
        ) from error
    finally:
        await client.close()
    if members.member(replica_id) is not None:
        raise UsageError(
            f"--join {member}: the group has a replica '{replica_id}' already; if that one has "
            f"lost its disk, remove it with 'parkledger members remove {replica_id}', or give this "
            "one another --replica-id"
        )
    return members.cluster_id
