"""How far something has come, and waiting for it to get further."""

import asyncio

from central.ledger.state.state_machine import StateMachine


class Horizon:
    """An index that others wait for. Belongs to the event loop."""

    def __init__(self, index: int) -> None:
        self.index = index
        self._moved: asyncio.Event | None = None  # while somebody waits

    def move(self, index: int) -> None:
        """Be at that index now, and let everybody look who waits."""
        self.index = index
        if self._moved is not None:
            self._moved.set()
            self._moved = None

    async def reach(self, index: int) -> None:
        """Wait until it is there or further."""
        while self.index < index:
            if self._moved is None:
                self._moved = asyncio.Event()
            await self._moved.wait()


class Reached:
    """How far a state machine is, in memory and in its tables. Belongs to the event loop."""

    def __init__(self, machine: StateMachine) -> None:
        self.applied = Horizon(machine.applied_index)
        self.stored = Horizon(machine.stored_index)
        self._chain = machine.frontier

    @property
    def head(self) -> bytes:
        """SHA-256 over all that is applied, at `applied`."""
        return self._chain.root()

    def look(self, machine: StateMachine) -> None:
        """Tell those who wait how far it is now."""
        if machine.applied_index != self.applied.index:
            self._chain = machine.frontier
            self.applied.move(machine.applied_index)
        if machine.stored_index != self.stored.index:
            self.stored.move(machine.stored_index)
