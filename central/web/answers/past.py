"""History, stays and hours."""

from pydantic import Field

from central.ledger.records import RecordedCameraChange, RecordedChange
from central.stays.hours import HourOfCounts
from central.stays.stays import Stay as PureStay
from central.web.answers.events import Change, Condition
from central.web.answers.marks import Instant, Marked, Model, Paged
from central.web.instants import text_of


class Recorded(Change):
    """A change as the history holds it."""

    index: int
    committed_at: Instant
    layout_version: int | None
    model: str | None = Field(description="first 16 hex digits of the SHA-256 of the model")

    @classmethod
    def of_recorded(cls, one: RecordedChange) -> "Recorded":
        """Return what is sent of a recorded change."""
        return cls(
            **Change.of(one.change).model_dump(),
            index=one.index,
            committed_at=text_of(one.committed_at_us),
            layout_version=one.change.layout_version or None,
            model=one.change.model or None,
        )


class RecordedCondition(Condition):
    """A change of a camera's condition as the history holds it."""

    index: int
    committed_at: Instant

    @classmethod
    def of_recorded(cls, one: RecordedCameraChange) -> "RecordedCondition":
        """Return what is sent of a recorded change of condition."""
        return cls(
            **Condition.of_change(one.change).model_dump(),
            index=one.index,
            committed_at=text_of(one.committed_at_us),
        )


class HistoryAnswer(Paged):
    """Changes in the order of their commit."""

    changes: list[Recorded]
    cameras: list[RecordedCondition] = Field(description="of the same part of the history")


class Stay(Model):
    """One spot taken once."""

    spot: str
    began: Instant
    ended: Instant | None = Field(description="null: it lasts, as far as is known")
    seconds: float
    began_seen: bool = Field(description="false: it was taken already when it was first seen")
    ended_seen: bool = Field(description="false: it was taken when it was last seen")
    over_stay_s: float = Field(description="seconds beyond its zone's max_stay; 0 within it")

    @classmethod
    def of(cls, stay: PureStay, *, now_us: int, over_stay_s: float) -> "Stay":
        """Return what is sent of a stay."""
        return cls(
            spot=stay.spot_id,
            began=text_of(stay.began_us),
            ended=None if stay.ended_us is None else text_of(stay.ended_us),
            seconds=stay.seconds(now_us=now_us),
            began_seen=stay.began_seen,
            ended_seen=stay.ended_seen,
            over_stay_s=over_stay_s,
        )


class StaysAnswer(Paged):
    """Stays by beginning, then by spot."""

    stays: list[Stay]


class Hour(Model):
    """One hour of the lot's clock, or the part of it that was asked for."""

    begin: Instant
    end: Instant
    occupied: float = Field(description="mean number of spots, by time")
    vacant: float
    unknown: float
    least_vacant: int
    most_vacant: int
    arrivals: int = Field(description="stays that were seen to begin")
    departures: int = Field(description="stays that were seen to end")

    @classmethod
    def of(cls, counts: HourOfCounts, *, arrivals: int, departures: int) -> "Hour":
        """Return what is sent of an hour."""
        return cls(
            begin=text_of(counts.begin_us),
            end=text_of(counts.end_us),
            occupied=round(counts.occupied, 3),
            vacant=round(counts.vacant, 3),
            unknown=round(counts.unknown, 3),
            least_vacant=counts.least_vacant,
            most_vacant=counts.most_vacant,
            arrivals=arrivals,
            departures=departures,
        )


class HoursAnswer(Marked):
    """Hours in order."""

    time_zone: str = Field(description="whose clock the hours are of; times are UTC all the same")
    hours: list[Hour]
