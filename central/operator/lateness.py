"""PURE: how late what a camera says is, from what it last said of each of its spots."""

from collections import defaultdict
from collections.abc import Mapping
from statistics import median

from central.ledger.records import LedgerState


def late_us_by_camera(state: LedgerState | None) -> Mapping[str, int]:
    """Return each camera's median of committed_at less captured_at, microseconds.

    It is what debouncing and the way took, and how far the camera's clock is behind the ledger's:
    some seconds are usual; minutes, or less than nothing, are a clock that is not set. A camera
    that has told nothing yet is missing.
    """
    late: dict[str, list[int]] = defaultdict(list)
    for lot in state.lots if state is not None else ():
        for spot in lot.spots:
            for view in spot.views:
                if view.late_us is not None:
                    late[view.camera_id].append(view.late_us)
    return {camera_id: int(median(values)) for camera_id, values in late.items()}
