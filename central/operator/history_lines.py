"""PURE: the past as lines: one a change or a spot, for a person or as JSON."""

import json
from collections.abc import Iterable, Iterator
from datetime import tzinfo

from central.ledger.records import (
    CONFIDENCE_SCALE,
    HistoryPage,
    LotState,
    Occupancy,
    RecordedCameraChange,
    RecordedChange,
    SpotState,
)
from central.operator.change_lines import camera_object, condition_name, occupancy_object
from central.operator.instants import text_of


def change_lines(page: HistoryPage, *, zone: tzinfo | None) -> Iterator[str]:
    """Yield a line a change, to stand under `CHANGE_TITLE`; a camera's has no spot.

    `late` is committed_at less captured_at in seconds: what debouncing and the way took, and how
    far the camera's clock is from the ledger's. Of a camera's condition: how long it lasted before.
    """
    for one in _in_order(page):
        when = f"{text_of(one.committed_at_us, zone=zone):<29} {one.index:>9}"
        if isinstance(one, RecordedChange):
            yield f"{when} {_occupancy_columns(one)}"
        else:
            yield f"{when} {_camera_columns(one)}"


def _occupancy_columns(one: RecordedChange) -> str:
    change = one.change
    late = (one.committed_at_us - change.captured_at_us) / 1e6
    return (
        f"{change.spot_id:<10} {change.previous.name.lower():<8} -> "
        f"{change.occupancy.name.lower():<8} {change.confidence / CONFIDENCE_SCALE:.2f} "
        f"{late:>8.1f} s {change.camera_id or '-'}"
    )


def _camera_columns(one: RecordedCameraChange) -> str:
    change = one.change
    late = (one.committed_at_us - change.since_us) / 1e6
    detail = f" ({change.detail})" if change.detail else ""
    return (
        f"{'-':<10} {condition_name(change.previous):<8} -> "
        f"{condition_name(change.condition):<8} {'-':<4} {late:>8.1f} s {change.camera_id}{detail}"
    )


def _in_order(page: HistoryPage) -> list[RecordedChange | RecordedCameraChange]:
    """Return all of a page by index: what is said of cameras before what they saw."""
    both: list[RecordedChange | RecordedCameraChange] = [*page.cameras, *page.changes]
    return sorted(both, key=lambda one: one.index)


CHANGE_TITLE = (
    f"{'committed':<29} {'index':>9} {'spot':<10} {'was':<8}    {'is':<8} conf {'late':>10} camera"
)


def change_objects(page: HistoryPage) -> Iterator[str]:
    """Yield a JSON object a change."""
    for one in _in_order(page):
        common = {"index": one.index, "committed_at_us": one.committed_at_us}
        if isinstance(one, RecordedChange):
            yield json.dumps({**common, **occupancy_object(one.change)})
        else:
            yield json.dumps({**common, **camera_object(one.change)})


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
                "spot_layout_version": spot.layout_version or None,
                "model": spot.model or None,
            }
        )
