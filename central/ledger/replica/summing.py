"""Lets every replica sum up its tables now and then, while this one is the primary."""

import asyncio
import logging

from central.ledger.command import SumState
from central.ledger.replica.replica import Replica
from central.raft import Overloaded
from node.errors import OperationError

logger = logging.getLogger(__name__)

SUM_EVERY = 600.0  # seconds


async def keep_summing(replica: Replica) -> None:
    """Propose a sum every so often until cancelled; see apply_sum.py."""
    while True:
        await asyncio.sleep(SUM_EVERY)
        if not replica.is_primary:
            continue
        try:
            await replica.propose(SumState())
        except (OperationError, Overloaded) as error:
            logger.info("tables not summed up now: %s", error)
