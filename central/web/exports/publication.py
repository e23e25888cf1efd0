"""PURE: what may be published of the present: never more than is known now.

Where the view is stale, or the camera that decided a spot has something the matter with it or is
doubted, a spot is unknown to those who read exports, whatever it was before: drivers are shown it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from central.layout.document import Layout
from central.ledger.records import LotState, Occupancy
from central.web.vouching import is_believed


@dataclass(frozen=True)
class Place:
    """Degrees, WGS 84."""

    latitude: float
    longitude: float

    @property
    def point(self) -> dict[str, object]:
        """The GeoJSON geometry (RFC 7946: longitude first)."""
        return {"type": "Point", "coordinates": [self.longitude, self.latitude]}


@dataclass(frozen=True)
class PublishedSpot:
    """One spot. place: its own, else its lot's, else None. since_us: 0 where nothing was seen."""

    spot_id: str
    zone_id: str
    occupancy: Occupancy
    confidence: int
    since_us: int
    place: Place | None


@dataclass(frozen=True)
class PublishedLot:
    """One lot and its spots. layout_at_us: since when its layout is as it is; 0: not told."""

    lot_id: str
    name: str
    time_zone: str
    place: Place | None
    spots: tuple[PublishedSpot, ...]
    layout_at_us: int = 0

    def count(self, occupancy: Occupancy) -> int:
        """Return how many spots are in that state."""
        return sum(spot.occupancy is occupancy for spot in self.spots)

    @property
    def seen(self) -> int:
        """How many spots are not unknown."""
        return len(self.spots) - self.count(Occupancy.UNKNOWN)


@dataclass(frozen=True)
class Publication:
    """Lots as they may be published. at_us: the instant that they are of; None: nobody knows."""

    lots: tuple[PublishedLot, ...]
    at_us: int | None
    stale: bool


def publish(lots: Iterable[LotState], *, at_us: int | None, stale: bool) -> Publication:
    """Return what may be published of lots that were read with their layouts."""
    published = tuple(_lot(lot, lot.layout, stale=stale) for lot in lots if lot.layout is not None)
    return Publication(published, at_us, stale)


def _lot(lot: LotState, layout: Layout, *, stale: bool) -> PublishedLot:
    faulty = {camera.camera_id for camera in lot.cameras if not is_believed(camera)}
    own = _place(layout.latitude, layout.longitude)
    spots = {spot.spot_id: spot for spot in layout.spots}
    return PublishedLot(
        lot.lot_id,
        lot.name or lot.lot_id,
        layout.time_zone,
        own,
        tuple(
            PublishedSpot(
                state.spot_id,
                spots[state.spot_id].zone_id,
                Occupancy.UNKNOWN if stale or state.camera_id in faulty else state.occupancy,
                state.confidence,
                state.since_us,
                _place(spots[state.spot_id].latitude, spots[state.spot_id].longitude) or own,
            )
            for state in lot.spots
            if state.spot_id in spots
        ),
        lot.layout_at_us,
    )


def _place(latitude: float | None, longitude: float | None) -> Place | None:
    return None if latitude is None or longitude is None else Place(latitude, longitude)
