"""History as a table: CSV, and Parquet where pyarrow is installed."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from central.ledger.records import CONFIDENCE_SCALE, RecordedChange
from central.web.answers.lots import WORDS
from central.web.instants import text_of

COLUMNS = (
    "index",
    "committed_at",
    "captured_at",
    "lot",
    "spot",
    "previous",
    "occupancy",
    "confidence",
    "camera",
    "layout_version",
    "model",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ParquetMissing(Exception):
    """pyarrow is not installed."""


def csv_rows(changes: Iterable[RecordedChange], *, heading: bool) -> bytes:
    """Return rows of RFC 4180; times are RFC 3339 in UTC."""
    text = io.StringIO()
    writer = csv.writer(text)
    if heading:
        writer.writerow(COLUMNS)
    for one in changes:
        change = one.change
        writer.writerow(
            (
                one.index,
                text_of(one.committed_at_us),
                text_of(change.captured_at_us),
                change.lot_id,
                change.spot_id,
                WORDS[change.previous],
                WORDS[change.occupancy],
                f"{change.confidence / CONFIDENCE_SCALE:.4f}",
                change.camera_id,
                change.layout_version or "",
                change.model,
            )
        )
    return text.getvalue().encode()


def parquet(changes: list[RecordedChange]) -> bytes:
    """Return a Parquet file with the same columns; raises ParquetMissing. Blocking."""
    try:
        import pyarrow as pa
        from pyarrow import parquet as pq
    except ImportError as error:
        raise ParquetMissing from error
    word, moment = pa.dictionary(pa.int8(), pa.string()), pa.timestamp("us", tz="UTC")
    said = [one.change for one in changes]
    columns = (
        pa.array([one.index for one in changes], pa.int64()),
        pa.array([_time(one.committed_at_us) for one in changes], moment),
        pa.array([_time(change.captured_at_us) for change in said], moment),
        pa.array([change.lot_id for change in said], pa.string()),
        pa.array([change.spot_id for change in said], pa.string()),
        pa.array([WORDS[change.previous] for change in said], word),
        pa.array([WORDS[change.occupancy] for change in said], word),
        pa.array([change.confidence / CONFIDENCE_SCALE for change in said], pa.float32()),
        pa.array([change.camera_id or None for change in said], pa.string()),
        pa.array([change.layout_version or None for change in said], pa.int64()),
        pa.array([change.model or None for change in said], pa.string()),
    )
    sink = io.BytesIO()
    pq.write_table(pa.table(columns, names=list(COLUMNS)), sink, compression="zstd")
    return sink.getvalue()


def _time(instant_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant_us)
