"""What the data of a live event is."""

from pydantic import Field

from central.ledger.records import (
    CONFIDENCE_SCALE,
    CameraChange,
    CountChange,
    OccupancyChange,
)
from central.web.answers.cameras import CONDITIONS, CameraCondition, ConditionWord
from central.web.answers.lots import WORDS, OccupancyWord, ReportedCount
from central.web.answers.marks import Instant, Model
from central.web.instants import text_of


class Change(Model):
    """One spot's occupancy changed."""

    lot: str
    spot: str
    previous: OccupancyWord
    occupancy: OccupancyWord
    confidence: float = Field(description="in the new occupancy, 0 to 1")
    camera: str | None
    captured_at: Instant

    @classmethod
    def of(cls, change: OccupancyChange) -> "Change":
        """Return what is sent of a change."""
        return cls(
            lot=change.lot_id,
            spot=change.spot_id,
            previous=WORDS[change.previous],
            occupancy=WORDS[change.occupancy],
            confidence=change.confidence / CONFIDENCE_SCALE,
            camera=change.camera_id or None,
            captured_at=text_of(change.captured_at_us),
        )


class LayoutVersion(Model):
    """A lot has a new layout."""

    lot: str
    version: int


class Count(ReportedCount):
    """A lot's reported count changed."""

    lot: str

    @classmethod
    def of_change(cls, change: CountChange) -> "Count":
        """Return what is sent of a reported count."""
        return cls(lot=change.lot_id, **ReportedCount.of(change.count).model_dump())


class Condition(CameraCondition):
    """A camera's condition changed."""

    lot: str
    camera: str
    previous: ConditionWord | None = Field(description="null: nothing was known")

    @classmethod
    def of_change(cls, change: CameraChange) -> "Condition":
        """Return what is sent of a change of condition."""
        said = CameraCondition.of(change.condition, change.since_us, change.detail)
        previous = None if change.previous is None else CONDITIONS[change.previous]
        return cls(
            lot=change.lot_id, camera=change.camera_id, previous=previous, **said.model_dump()
        )


class EventData(Model):
    """All that one applied index changed; the data of an event named `change`."""

    index: int
    committed_at: Instant
    changes: list[Change]
    layouts: list[LayoutVersion]
    counts: list[Count]
    cameras: list[Condition]
