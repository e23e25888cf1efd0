"""PURE: events of the ledger as lines: one a change, for a person or as JSON."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from central.ledger.records import (
    CONFIDENCE_SCALE,
    CameraChange,
    CameraCondition,
    CountChange,
    LayoutChange,
    LedgerEvent,
    OccupancyChange,
)


def text_lines(event: LedgerEvent) -> Iterator[str]:
    """Yield `14:03:22Z north A07 vacant -> occupied 0.97 north-east` and its like."""
    clock = f"{datetime.fromtimestamp(event.committed_at_us / 1e6, UTC):%H:%M:%S}Z"
    for layout in event.layouts:
        yield f"{clock} {layout.lot_id} layout version {layout.version}"
    for camera in event.cameras:
        yield f"{clock} {camera.lot_id} camera {camera.camera_id} {camera_text(camera)}"
    for change in event.changes:
        yield f"{clock} {change.lot_id} {_occupancy_text(change)}"
    for reported in event.counts:
        yield f"{clock} {reported.lot_id} {_count_text(reported)}"


def json_lines(event: LedgerEvent) -> Iterator[str]:
    """Yield one JSON object a change; `index` is what `--after` takes to go on from there."""
    common: dict[str, object] = {
        "index": event.index,
        "committed_at_us": event.committed_at_us,
    }
    for layout in event.layouts:
        yield json.dumps({**common, **_layout_object(layout)})
    for camera in event.cameras:
        yield json.dumps({**common, **camera_object(camera)})
    for change in event.changes:
        yield json.dumps({**common, **occupancy_object(change)})
    for reported in event.counts:
        yield json.dumps({**common, **_count_object(reported)})


def camera_text(change: CameraChange) -> str:
    """Return `ok -> dark: mean brightness 3 of 255` and its like."""
    detail = f": {change.detail}" if change.detail else ""
    return f"{condition_name(change.previous)} -> {condition_name(change.condition)}{detail}"


def condition_name(condition: CameraCondition | None) -> str:
    """Return a condition in lower case; of a camera of which nothing is known: unknown."""
    return "unknown" if condition is None else condition.name.lower()


def _occupancy_text(change: OccupancyChange) -> str:
    confidence = change.confidence / CONFIDENCE_SCALE
    return (
        f"{change.spot_id} {change.previous.name.lower()} -> {change.occupancy.name.lower()} "
        f"{confidence:.2f} {change.camera_id or '-'}"
    )


def _count_text(reported: CountChange) -> str:
    count = reported.count
    stale = f" STALE: {count.status}" if count.stale else ""
    return f"count {count.available_spaces} free by {count.reporter}{stale}"


def _layout_object(layout: LayoutChange) -> dict[str, object]:
    return {"change": "layout", "lot": layout.lot_id, "version": layout.version}


def camera_object(change: CameraChange) -> dict[str, object]:
    """Return a camera's change as JSON values."""
    return {
        "change": "camera",
        "lot": change.lot_id,
        "camera": change.camera_id,
        "previous": condition_name(change.previous),
        "condition": condition_name(change.condition),
        "since_us": change.since_us,
        "detail": change.detail,
    }


def occupancy_object(change: OccupancyChange) -> dict[str, object]:
    """Return a spot's change as JSON values."""
    return {
        "change": "occupancy",
        "lot": change.lot_id,
        "spot": change.spot_id,
        "previous": change.previous.name.lower(),
        "occupancy": change.occupancy.name.lower(),
        "confidence": change.confidence / CONFIDENCE_SCALE,
        "camera": change.camera_id or None,
        "captured_at_us": change.captured_at_us,
        "layout_version": change.layout_version or None,
        "model": change.model or None,
    }


def _count_object(reported: CountChange) -> dict[str, object]:
    count = reported.count
    return {
        "change": "count",
        "lot": reported.lot_id,
        "reporter": count.reporter,
        "available_spaces": count.available_spaces,
        "counted_at_us": count.counted_at_us,
        "stale": count.stale,
        "status": count.status,
    }
