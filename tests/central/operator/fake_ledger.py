"""A ledger of layouts in memory: it applies, or refuses as it was told to."""

from central.layout.document import Layout
from central.ledger.interface import LedgerError
from central.ledger.records import (
    ApplyResult,
)
from tests.central.ledger.unoffered import UnofferedLedger


class FakeLedger(UnofferedLedger):
    """Holds each lot's layout and version; `refusals` names lots and what they fail with."""

    def __init__(self, refusals: dict[str, LedgerError] | None = None) -> None:
        self.refusals = refusals or {}
        self.layouts: dict[str, Layout] = {}
        self.versions: dict[str, int] = {}
        self.expected: list[int | None] = []
        self.timeouts: list[float] = []
        self.index = 16

    async def apply(
        self, layout: Layout, *, expected_version: int | None = None, timeout: float = 10.0
    ) -> ApplyResult:
        """Keep the layout, as the real one would."""
        self.expected.append(expected_version)
        self.timeouts.append(timeout)
        if layout.lot_id in self.refusals:
            raise self.refusals[layout.lot_id]
        changed = self.layouts.get(layout.lot_id) != layout
        if changed:
            self.index += 1
            self.layouts[layout.lot_id] = layout
            self.versions[layout.lot_id] = self.versions.get(layout.lot_id, 0) + 1
        version = self.versions[layout.lot_id]
        return ApplyResult(index=self.index, version=version, changed=changed)
