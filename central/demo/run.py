"""One run of the demo from the first process to the figures."""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from central.demo.board import Board
from central.demo.cluster import (
    PROCESSOR,
    WEB,
    Cluster,
    camera_process,
    start_cameras,
    wait_listening,
)
from central.demo.display import Display
from central.demo.fail_over import bring_back, kill_primary
from central.demo.figures import Figures
from central.demo.following import Following
from central.demo.processes import Supervisor
from central.demo.settings import DemoSettings
from central.demo.truth import Agreement, compare
from central.ledger.client import LedgerClient
from central.ledger.interface import Ledger
from central.ledger.records import LedgerState, LotState, Occupancy

READY_S = 60.0
"""A first start on a slow machine compiles every module it imports."""
SETTLE_S = 6.0
STOP_GRACE_S = 2.0
REFRESH_S = 0.2
RESTART_AFTER_S = 3.0
INTERRUPTED = 130


@dataclass(frozen=True)
class Outcome:
    """What a finished run gives back."""

    figures: Figures
    agreement: Agreement | None


async def run_demo(
    settings: DemoSettings, directory: Path, display: Display, board: Board, stop: asyncio.Event
) -> Outcome | None:
    """Run the whole demo in `directory`; None if `stop` was set before its end.

    Raises the error of the first child that ends by itself. Whatever happens, no child is left.
    """
    supervisor = Supervisor(directory)
    cluster = Cluster.plan(directory)
    ledger: Ledger = LedgerClient(cluster.ledger)
    demo = _Demo(settings, supervisor, cluster, ledger, board, display)
    try:
        return await _unless(stop, supervisor, demo.run())
    finally:
        display.close()
        await ledger.close()
        await supervisor.stop(list(supervisor.children), grace=STOP_GRACE_S)


def new_board(settings: DemoSettings) -> Board:
    """Return the board of a run that has not begun."""
    return Board(
        layout=settings.layout,
        replica_ids=tuple(f"replica-{number}" for number in range(1, 4)),
        camera_ids=tuple(camera.camera_id for camera in settings.cameras),
        seconds=settings.seconds,
    )


async def _unless(
    stop: asyncio.Event, supervisor: Supervisor, work: Coroutine[None, None, Outcome]
) -> Outcome | None:
    """Return what `work` does, None if stopped first; raise if a child dies first."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    dying = asyncio.create_task(supervisor.death())
    tasks = (working, stopping, dying)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if stopping.done():
            return None
        if dying.done():
            raise dying.result()
        return working.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Demo:
    """The steps of one run, in order."""

    def __init__(
        self,
        settings: DemoSettings,
        supervisor: Supervisor,
        cluster: Cluster,
        ledger: Ledger,
        board: Board,
        display: Display,
    ) -> None:
        self._settings = settings
        self._supervisor = supervisor
        self._cluster = cluster
        self._ledger = ledger
        self._board = board
        self._display = display
        self._following = Following(ledger, cluster, board)
        self._playing_since: float | None = None

    async def run(self) -> Outcome:
        """Start, watch, kill, bring back, stop, count."""
        try:
            outcome = self._count(await self._steps())
        except ExceptionGroup as group:
            # One cause fells several tasks; the first tells it, in words for a person.
            raise group.exceptions[0] from None
        self._board.stage = "done"
        self._board.agreement = outcome.agreement
        self._display.refresh(self._board)
        return outcome

    async def _steps(self) -> LedgerState:
        async with asyncio.TaskGroup() as tasks:
            painting = tasks.create_task(self._paint())
            await self._start()
            following = [
                tasks.create_task(self._following.watch()),
                tasks.create_task(self._following.poll()),
            ]
            await self._play()
            state = await self._finish()
            for task in (*following, painting):
                task.cancel()
        return state

    async def _paint(self) -> None:
        began = time.monotonic()
        while True:
            now = time.monotonic()
            self._board.elapsed_s = now - began
            if self._playing_since is not None:
                self._board.played_s = now - self._playing_since
            self._display.refresh(self._board)
            await asyncio.sleep(REFRESH_S)

    async def _start(self) -> None:
        for replica_id in self._cluster.replicas:
            await self._supervisor.start(replica_id, self._cluster.replica_arguments(replica_id))
        await self._supervisor.start(PROCESSOR, self._cluster.processor_arguments())
        if self._settings.web is not None:
            await self._supervisor.start(WEB, self._cluster.web_arguments(self._settings.web))
        applied = await self._ledger.apply(self._settings.layout, timeout=READY_S)
        layout = self._settings.layout
        self._note(
            f"{len(self._cluster.replicas)} replicas run; lot '{layout.lot_id}' is applied: "
            f"{len(layout.spots)} spots (index {applied.index})"
        )
        self._board.begin(await self._ledger.get((layout.lot_id,)))
        await wait_listening(PROCESSOR, self._cluster.processor, timeout=READY_S)
        if self._settings.web is not None:
            await wait_listening(WEB, self._settings.web, timeout=READY_S)
            self._note(f"look at it in a browser: http://{self._settings.web}/")
        await start_cameras(
            self._supervisor, self._cluster, self._settings.cameras, fps=self._settings.fps
        )
        names = ", ".join(self._board.camera_ids)
        self._note(f"the processor listens; cameras started: {names}")

    async def _play(self) -> None:
        self._board.stage = "running"
        self._playing_since = time.monotonic()
        seconds = self._settings.seconds
        end = asyncio.create_task(asyncio.sleep(seconds))
        try:
            if self._settings.fail_over:
                await asyncio.sleep(seconds / 2)
                await self._fail_over()
            await end
        finally:
            end.cancel()

    async def _fail_over(self) -> None:
        board = self._board
        self._note(f"killing the primary {board.primary_id} (SIGKILL)")
        over = await kill_primary(
            self._ledger, self._supervisor, self._cluster, board, self._following
        )
        self._note(
            f"{over.victim} was killed; the next commit was acked after {over.took_ms:.0f} ms; "
            f"the primary is {over.successor}"
        )
        await asyncio.sleep(min(RESTART_AFTER_S, self._settings.seconds / 8))
        over = await bring_back(self._supervisor, self._cluster, board, self._following)
        self._note(f"{over.victim} was started again and caught up in {over.caught_up_s:.1f} s")

    async def _finish(self) -> LedgerState:
        """Hold the cameras, wait until all they sent is classified and committed, and read.

        They are frozen, not stopped: a processor no longer reports on a camera that has gone,
        and where each one looked last is what the truth is asked for.
        """
        self._board.stage = "finishing"
        cameras = [camera_process(camera_id) for camera_id in self._board.camera_ids]
        self._supervisor.freeze(cameras)
        with suppress(TimeoutError):  # a camera that never got through has no report to wait for
            async with asyncio.timeout(SETTLE_S):
                await self._settled(time.monotonic())
        state = await self._ledger.get((self._settings.layout.lot_id,))
        await self._watch_up_to(state)
        await self._supervisor.stop(cameras, grace=STOP_GRACE_S)
        await self._supervisor.stop([PROCESSOR], grace=STOP_GRACE_S)
        return state

    async def _settled(self, frozen_at: float) -> None:
        """Return once two reports in a row, both from after the freeze, count the same frames."""
        counted = -1
        while True:
            await self._following.ask()
            held_us = (time.monotonic() - frozen_at) * 1e6
            nodes = self._board.cameras.values()
            fresh = len(nodes) == len(self._board.camera_ids) and all(
                node.age_us < held_us for node in nodes
            )
            if fresh:
                if counted == self._board.frames:
                    return
                counted, frozen_at = self._board.frames, time.monotonic()
            await asyncio.sleep(0.1)

    async def _watch_up_to(self, state: LedgerState) -> None:
        # The figures count what the watch saw: let it see what was read.
        lot = state.lot(self._settings.layout.lot_id)
        applied = {} if lot is None else {spot.spot_id: spot.occupancy for spot in lot.spots}
        for _ in range(50):
            if self._board.spots == applied:
                return
            await asyncio.sleep(0.02)

    def _count(self, state: LedgerState) -> Outcome:
        lot = state.lot(self._settings.layout.lot_id)
        assert lot is not None, "the lot was applied before anything else"
        board, truth = self._board, self._settings.truth
        positions = board.positions_s
        agreement = (
            None
            if truth is None
            else compare(truth, lot.spots, positions, max(positions.values(), default=0.0))
        )
        took_ms = None if board.fail_over is None else board.fail_over.took_ms
        figures = Figures(
            cameras=len(board.camera_ids),
            spots=len(lot.spots),
            replicas=len(self._cluster.replicas),
            frames=board.frames,
            detections_committed=board.changes,
            agreement=None if agreement is None else agreement.share,
            latency=board.latency,
            fail_over_ms=took_ms,
            unknown_share=_share_unknown(lot),
        )
        return Outcome(figures=figures, agreement=agreement)

    def _note(self, text: str) -> None:
        self._display.note(self._board, text)


def _share_unknown(lot: LotState) -> float:
    return lot.count(Occupancy.UNKNOWN) / len(lot.spots)
