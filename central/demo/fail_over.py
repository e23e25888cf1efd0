"""Kills the primary, measures how long nothing commits, and brings the killed replica back."""

import asyncio
import time
from contextlib import suppress
from dataclasses import replace

from central.demo.board import Board, FailOver
from central.demo.cluster import Cluster
from central.demo.following import Following, wall_us
from central.demo.processes import Supervisor
from central.ledger.interface import Ledger, LedgerUnavailable
from central.ledger.records import LotReport, Occupancy
from node.errors import OperationError

PROBE_EVERY_S = 0.02
PROBES_AT_ONCE = 100
"""Probes under way at most; while there are as many, no new one starts."""
PROBE_TIMEOUT_S = 2.0
GIVE_UP_S = 15.0
CATCH_UP_S = 30.0


async def kill_primary(
    ledger: Ledger, supervisor: Supervisor, cluster: Cluster, board: Board, following: Following
) -> FailOver:
    """Kill the primary (SIGKILL); returns once something has committed without it.

    The time is from just before the kill to the ack of the next commit. Raises OperationError if
    there is none within `GIVE_UP_S`.
    """
    await following.ask()
    victim = board.primary_id
    if not victim:
        raise OperationError("no replica says that it is the primary, so none can be killed")
    board.fail_over = FailOver(victim=victim)
    began = time.monotonic()
    await supervisor.kill(victim)
    took = await _next_commit(ledger, board) - began
    await following.ask()
    board.fail_over = FailOver(victim=victim, took_ms=took * 1000, successor=board.primary_id)
    return board.fail_over


async def bring_back(
    supervisor: Supervisor, cluster: Cluster, board: Board, following: Following
) -> FailOver:
    """Start the killed replica again; returns once it holds all that the others had applied."""
    killed = board.fail_over
    assert killed is not None, "nothing was killed"
    began = time.monotonic()
    await supervisor.start(killed.victim, cluster.replica_arguments(killed.victim))
    try:
        async with asyncio.timeout(CATCH_UP_S):
            while not _caught_up(board, killed.victim):
                await asyncio.sleep(0.05)
                await following.ask()
    except TimeoutError:
        raise OperationError(
            f"{killed.victim} has not caught up {CATCH_UP_S:g} s after its restart"
        ) from None
    board.fail_over = replace(killed, caught_up_s=time.monotonic() - began)
    return board.fail_over


def _caught_up(board: Board, replica_id: str) -> bool:
    own = board.replicas.get(replica_id)
    primary = board.replicas.get(board.primary_id)
    if own is None or primary is None:
        return False
    return own.applied_index >= primary.commit_index


async def _next_commit(ledger: Ledger, board: Board) -> float:
    """Return the monotonic second at which the first of many small commits was acked.

    A new one starts every `PROBE_EVERY_S`: the back-off of a single retrying call would be
    measured along with the fail-over.
    """
    probes: set[asyncio.Task[float]] = set()
    give_up_at = time.monotonic() + GIVE_UP_S
    try:
        while time.monotonic() < give_up_at:
            if len(probes) < PROBES_AT_ONCE:
                probes.add(asyncio.create_task(_probe(ledger, board)))
            done, probes = await asyncio.wait(
                probes, timeout=PROBE_EVERY_S, return_when=asyncio.FIRST_COMPLETED
            )
            for probe in done:
                with suppress(LedgerUnavailable):  # this one ran out of time; others go on
                    return probe.result()
    finally:
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, return_exceptions=True)
    raise OperationError(f"no commit within {GIVE_UP_S:g} s after the primary was killed")


async def _probe(ledger: Ledger, board: Board) -> float:
    report = LotReport(
        reporter="demo",
        lot_id=board.layout.lot_id,
        available_spaces=board.counts.get(Occupancy.VACANT, 0),
        status="OK",
        counted_at_us=wall_us(),
    )
    await ledger.update(report, timeout=PROBE_TIMEOUT_S)
    return time.monotonic()
