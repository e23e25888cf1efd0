"""PURE: DATEX II 3.4 light: parking spaces with their availability."""

from central.ledger.records import Occupancy
from central.web.exports.publication import Publication
from central.web.instants import text_of

_AVAILABILITY = {
    Occupancy.OCCUPIED: "occupied",
    Occupancy.VACANT: "available",
    Occupancy.UNKNOWN: "unknown",
}


def parking_spaces(publication: Publication) -> list[dict[str, object]]:
    """Return a record for each spot that has a place, or whose lot has one."""
    if publication.at_us is None:
        return []
    return [
        {
            "_id": f"{lot.lot_id}/{spot.spot_id}",
            "name": spot.spot_id,
            "locationAndDimension": {
                "coordinatesForDisplay": {
                    "latitude": spot.place.latitude,
                    "longitude": spot.place.longitude,
                }
            },
            "availability": _AVAILABILITY[spot.occupancy],
            "lastUpdate": text_of(publication.at_us),
        }
        for lot in publication.lots
        for spot in lot.spots
        if spot.place is not None
    ]
