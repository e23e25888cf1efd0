"""PURE: events of the ledger as lines: one a change, for a person or as JSON."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from central.ledger.records import (
    CONFIDENCE_SCALE,
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
    for change in event.changes:
        yield json.dumps({**common, **_occupancy_object(change)})
    for reported in event.counts:
        yield json.dumps({**common, **_count_object(reported)})


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


def _occupancy_object(change: OccupancyChange) -> dict[str, object]:
    return {
        "change": "occupancy",
        "lot": change.lot_id,
        "spot": change.spot_id,
        "previous": change.previous.name.lower(),
        "occupancy": change.occupancy.name.lower(),
        "confidence": change.confidence / CONFIDENCE_SCALE,
        "camera": change.camera_id or None,
        "captured_at_us": change.captured_at_us,
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
