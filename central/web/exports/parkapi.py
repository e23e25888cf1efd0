"""PURE: ParkAPI v3 (github.com/ParkenDD/parkapi-sources-v3, models/): sites and spots.

Realtime fields are left out where nothing is known now, so that nobody takes 0 free for full.
"""

from central.ledger.records import Occupancy
from central.web.exports.publication import Place, Publication, PublishedLot, PublishedSpot
from central.web.instants import text_of

_STATUS = {
    Occupancy.OCCUPIED: "TAKEN",
    Occupancy.VACANT: "AVAILABLE",
    Occupancy.UNKNOWN: "UNKNOWN",
}


def parking_sites(publication: Publication) -> dict[str, object]:
    """Return the lots that have a place, which ParkAPI asks for."""
    return {
        "items": [
            _site(publication, lot, lot.place)
            for lot in publication.lots
            if lot.place is not None and publication.at_us is not None
        ]
    }


def parking_spots(publication: Publication) -> dict[str, object]:
    """Return the spots that have a place, or whose lot has one."""
    return {
        "items": [
            _spot(publication, lot, spot, spot.place)
            for lot in publication.lots
            for spot in lot.spots
            if spot.place is not None and publication.at_us is not None
        ]
    }


def _site(publication: Publication, lot: PublishedLot, place: Place) -> dict[str, object]:
    at = text_of(publication.at_us or 0)
    site: dict[str, object] = {
        "uid": lot.lot_id,
        "name": lot.name,
        "lat": place.latitude,
        "lon": place.longitude,
        "purpose": "CAR",
        "type": "OFF_STREET_PARKING_GROUND",
        "capacity": len(lot.spots),
        "has_realtime_data": True,
        "static_data_updated_at": _static(lot, at),
        "realtime_data_updated_at": at,
        "realtime_opening_status": "OPEN" if lot.seen else "UNKNOWN",
    }
    if lot.seen:
        # Of the spots that can be seen: those that cannot are neither free nor taken.
        site["realtime_capacity"] = lot.seen
        site["realtime_free_capacity"] = lot.count(Occupancy.VACANT)
    return site


def _spot(
    publication: Publication, lot: PublishedLot, spot: PublishedSpot, place: Place
) -> dict[str, object]:
    at = text_of(publication.at_us or 0)
    return {
        "uid": f"{lot.lot_id}/{spot.spot_id}",
        "name": spot.spot_id,
        "lat": place.latitude,
        "lon": place.longitude,
        "purpose": "CAR",
        "has_realtime_data": True,
        "static_data_updated_at": _static(lot, at),
        "realtime_data_updated_at": at,
        "realtime_status": _STATUS[spot.occupancy],
    }


def _static(lot: PublishedLot, at: str) -> str:
    """Return when what the layout says was last changed; `at` where the ledger does not say."""
    return text_of(lot.layout_at_us) if lot.layout_at_us else at
