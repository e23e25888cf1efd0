"""Lots, zones, spots and counts."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from central.layout.document import Layout
from central.layout.document import Spot as Place
from central.ledger.records import (
    CONFIDENCE_SCALE,
    LotCount,
    LotState,
    Occupancy,
    SpotState,
)
from central.web.answers.cameras import CameraBrief
from central.web.answers.marks import Instant, Marked, Model, Paged
from central.web.instants import text_of

OccupancyWord = Literal["occupied", "vacant", "unknown"]
WORDS: dict[Occupancy, OccupancyWord] = {
    Occupancy.OCCUPIED: "occupied",
    Occupancy.VACANT: "vacant",
    Occupancy.UNKNOWN: "unknown",
}


class Counts(Model):
    """How many spots are in which state."""

    total: int
    occupied: int
    vacant: int
    unknown: int

    @classmethod
    def of(cls, spots: Iterable[SpotState]) -> "Counts":
        """Count spots."""
        states = [spot.occupancy for spot in spots]
        return cls(
            total=len(states),
            occupied=states.count(Occupancy.OCCUPIED),
            vacant=states.count(Occupancy.VACANT),
            unknown=states.count(Occupancy.UNKNOWN),
        )


class ReportedCount(Model):
    """A whole lot's free count that another system reported."""

    reporter: str
    available_spaces: int
    counted_at: Instant
    stale: bool = Field(description="its last report had a status other than OK")
    status: str

    @classmethod
    def of(cls, count: LotCount) -> "ReportedCount":
        """Return what is sent of a count."""
        return cls(
            reporter=count.reporter,
            available_spaces=count.available_spaces,
            counted_at=text_of(count.counted_at_us),
            stale=count.stale,
            status=count.status,
        )


class Lot(Model):
    """One lot and its counts."""

    id: str
    name: str
    time_zone: str = Field(description="IANA name, for display only")
    latitude: float | None
    longitude: float | None
    layout_version: int
    counts: Counts
    reported: list[ReportedCount]
    cameras: list[CameraBrief]

    @classmethod
    def of(cls, lot: LotState, layout: Layout) -> "Lot":
        """Return what is sent of a lot."""
        return cls(
            id=lot.lot_id,
            name=lot.name,
            time_zone=layout.time_zone,
            latitude=layout.latitude,
            longitude=layout.longitude,
            layout_version=lot.layout_version,
            counts=Counts.of(lot.spots),
            reported=[ReportedCount.of(count) for count in lot.counts],
            cameras=CameraBrief.all_of(lot, layout),
        )


class Zone(Model):
    """A named group of spots and its counts."""

    id: str
    name: str
    max_stay_s: int | None = Field(description="a longer stay is an over-stay, seconds")
    counts: Counts

    @classmethod
    def all_of(cls, lot: LotState, layout: Layout) -> "list[Zone]":
        """Return the zones of a lot in the layout's order."""
        zone_of = {spot.spot_id: spot.zone_id for spot in layout.spots}
        return [
            cls(
                id=zone.zone_id,
                name=zone.name,
                max_stay_s=zone.max_stay_s or None,
                counts=Counts.of(
                    spot for spot in lot.spots if zone_of.get(spot.spot_id) == zone.zone_id
                ),
            )
            for zone in layout.zones
        ]


class Spot(Model):
    """One spot as the ledger holds it."""

    id: str
    zone: str | None
    occupancy: OccupancyWord
    confidence: float = Field(description="in the stated occupancy, 0 to 1")
    camera: str | None = Field(description="whose view decides; null where none sees it")
    since: Instant | None = Field(description="capture of the change; null while nothing was seen")
    latitude: float | None
    longitude: float | None

    @classmethod
    def of(cls, spot: SpotState, place: Place | None) -> "Spot":
        """Return what is sent of a spot."""
        return cls(
            id=spot.spot_id,
            zone=(place.zone_id or None) if place else None,
            occupancy=WORDS[spot.occupancy],
            confidence=spot.confidence / CONFIDENCE_SCALE,
            camera=spot.camera_id or None,
            since=text_of(spot.since_us) if spot.since_us else None,
            latitude=place.latitude if place else None,
            longitude=place.longitude if place else None,
        )

    @classmethod
    def all_of(cls, lot: LotState, layout: Layout) -> "list[Spot]":
        """Return the spots of a lot by id."""
        places = {spot.spot_id: spot for spot in layout.spots}
        return [cls.of(spot, places.get(spot.spot_id)) for spot in lot.spots]


class LotsAnswer(Paged):
    """Lots by id."""

    lots: list[Lot]


class LotAnswer(Marked):
    """One lot with its zones."""

    lot: Lot
    zones: list[Zone]


class ZonesAnswer(Marked):
    """The zones of a lot."""

    zones: list[Zone]


class SpotsAnswer(Paged):
    """Spots of a lot by id."""

    spots: list[Spot]


class SpotAnswer(Marked):
    """One spot."""

    spot: Spot
