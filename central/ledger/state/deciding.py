"""Which view decides what a spot is."""

from central.ledger.records import Occupancy
from central.ledger.state.changes import Changes
from central.ledger.state.present import Present, Spot, View

_UNKNOWN = int(Occupancy.UNKNOWN)


def decide(present: Present, changes: Changes, spot: Spot, captured_at_us: int) -> None:
    """Set a spot's occupancy from its views: the best-ranked one that is not unknown decides.

    `captured_at_us` is that of the view that was just told: it dates the change.
    """
    for best in spot.views:
        if best.occupancy != _UNKNOWN:
            break
    else:
        best = spot.views[0] if spot.views else View(0, spot, "", _UNKNOWN, 0, 0, None, 0, "")
    present.touched_spots[spot] = None
    previous = spot.occupancy
    spot.confidence, spot.camera_id = best.confidence, best.camera_id
    if previous == best.occupancy:
        return
    spot.occupancy = best.occupancy
    spot.since_us = captured_at_us
    spot.layout_version = best.layout_version
    spot.model = best.model
    changes.add(spot, previous)
