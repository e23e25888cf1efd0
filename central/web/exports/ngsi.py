"""PURE: NGSI-LD entities after FIWARE's smart data models: ParkingSpot and OffStreetParking.

Key-value form (`options=keyValues`), with the models' own context.
"""

from central.ledger.records import Occupancy
from central.web.exports.publication import Place, Publication, PublishedLot, PublishedSpot
from central.web.instants import text_of

MEDIA_TYPE = "application/ld+json"
CONTEXT = [
    "https://raw.githubusercontent.com/smart-data-models/dataModel.Parking/master/context.jsonld"
]

_STATUS = {
    Occupancy.OCCUPIED: "occupied",
    Occupancy.VACANT: "free",
    Occupancy.UNKNOWN: "unknown",
}


def parking_spots(publication: Publication) -> list[dict[str, object]]:
    """Return an entity for each spot that has a place, or whose lot has one."""
    return [
        _spot(publication, lot, spot, spot.place)
        for lot in publication.lots
        for spot in lot.spots
        if spot.place is not None
    ]


def off_street_parkings(publication: Publication) -> list[dict[str, object]]:
    """Return an entity for each lot that has a place."""
    return [_site(publication, lot, lot.place) for lot in publication.lots if lot.place is not None]


def _spot(
    publication: Publication, lot: PublishedLot, spot: PublishedSpot, place: Place
) -> dict[str, object]:
    return {
        "id": _spot_urn(lot, spot),
        "type": "ParkingSpot",
        "name": spot.spot_id,
        "location": place.point,
        "status": _STATUS[spot.occupancy],
        "category": ["offStreet"],
        "refParkingSite": _site_urn(lot),
        **_modified(publication),
        "@context": CONTEXT,
    }


def _site(publication: Publication, lot: PublishedLot, place: Place) -> dict[str, object]:
    entity: dict[str, object] = {
        "id": _site_urn(lot),
        "type": "OffStreetParking",
        "name": lot.name,
        "location": place.point,
        "category": ["parkingLot"],
        "allowedVehicleType": ["car"],
        "occupancyDetectionType": ["singleSpaceDetection"],
        "totalSpotNumber": len(lot.spots),
        "refParkingSpot": [_spot_urn(lot, spot) for spot in lot.spots],
        **_modified(publication),
        "@context": CONTEXT,
    }
    if lot.seen:
        entity["availableSpotNumber"] = lot.count(Occupancy.VACANT)
        entity["occupiedSpotNumber"] = lot.count(Occupancy.OCCUPIED)
    if lot.seen and publication.at_us is not None:
        entity["occupancyModified"] = text_of(publication.at_us)
    return entity


def _modified(publication: Publication) -> dict[str, object]:
    return {} if publication.at_us is None else {"dateModified": text_of(publication.at_us)}


def _site_urn(lot: PublishedLot) -> str:
    return f"urn:ngsi-ld:OffStreetParking:{lot.lot_id}"


def _spot_urn(lot: PublishedLot, spot: PublishedSpot) -> str:
    return f"urn:ngsi-ld:ParkingSpot:{lot.lot_id}:{spot.spot_id}"
