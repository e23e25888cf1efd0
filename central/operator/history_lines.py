"""PURE: the past as lines: one a change or a spot, for a person or as JSON."""

import json
from collections.abc import Iterable, Iterator
from datetime import tzinfo

from central.ledger.records import CONFIDENCE_SCALE, LotState, Occupancy, RecordedChange, SpotState
from central.operator.instants import text_of


def change_lines(changes: Iterable[RecordedChange], *, zone: tzinfo | None) -> Iterator[str]:
    """Yield a line a change, to stand under `CHANGE_TITLE`.

    `late` is committed_at less captured_at in seconds: what debouncing and the way took, and how
    far the camera's clock is from the ledger's.
    """
    for one in changes:
        change = one.change
        late = (one.committed_at_us - change.captured_at_us) / 1e6
        yield (
            f"{text_of(one.committed_at_us, zone=zone):<29} {one.index:>9} {change.spot_id:<10} "
            f"{change.previous.name.lower():<8} -> {change.occupancy.name.lower():<8} "
            f"{change.confidence / CONFIDENCE_SCALE:.2f} {late:>8.1f} s {change.camera_id or '-'}"
        )


CHANGE_TITLE = (
    f"{'committed':<29} {'index':>9} {'spot':<10} {'was':<8}    {'is':<8} conf {'late':>10} camera"
)


def change_objects(changes: Iterable[RecordedChange]) -> Iterator[str]:
    """Yield a JSON object a change."""
    for one in changes:
        change = one.change
        yield json.dumps(
            {
                "index": one.index,
                "committed_at_us": one.committed_at_us,
                "lot": change.lot_id,
                "spot": change.spot_id,
                "previous": change.previous.name.lower(),
                "occupancy": change.occupancy.name.lower(),
                "confidence": change.confidence / CONFIDENCE_SCALE,
                "camera": change.camera_id or None,
                "captured_at_us": change.captured_at_us,
            }
        )


def state_lines(
    lot: LotState, spots: Iterable[SpotState], *, instant: str, index: int, zone: tzinfo | None
) -> Iterator[str]:
    """Yield a lot as it stood: a line for all of it, then one a spot."""
    counts = ", ".join(f"{lot.count(one)} {one.name.lower()}" for one in Occupancy)
    yield f"{lot.lot_id} as of {instant} (index {index}, layout {lot.layout_version}): {counts}"
    yield f"{'spot':<10} {'is':<8} conf {'since':<29} camera"
    for spot in spots:
        yield (
            f"{spot.spot_id:<10} {spot.occupancy.name.lower():<8} "
            f"{spot.confidence / CONFIDENCE_SCALE:.2f} {text_of(spot.since_us, zone=zone):<29} "
            f"{spot.camera_id or '-'}"
        )


def state_objects(
    lot: LotState, spots: Iterable[SpotState], *, instant_us: int, index: int
) -> Iterator[str]:
    """Yield a JSON object a spot."""
    for spot in spots:
        yield json.dumps(
            {
                "as_of_us": instant_us,
                "index": index,
                "lot": lot.lot_id,
                "layout_version": lot.layout_version,
                "spot": spot.spot_id,
                "occupancy": spot.occupancy.name.lower(),
                "confidence": spot.confidence / CONFIDENCE_SCALE,
                "camera": spot.camera_id or None,
                "since_us": spot.since_us,
            }
        )
