"""PURE: a FeatureCollection (RFC 7946): every lot, then its spots."""

from collections.abc import Iterator

from central.ledger.records import CONFIDENCE_SCALE, Occupancy
from central.web.answers.lots import WORDS
from central.web.exports.publication import Place, Publication, PublishedLot, PublishedSpot
from central.web.instants import text_of

MEDIA_TYPE = "application/geo+json"


def feature_collection(publication: Publication) -> dict[str, object]:
    """Return all that is published. What has no place has a null geometry, as the RFC wants."""
    at = None if publication.at_us is None else text_of(publication.at_us)
    return {
        "type": "FeatureCollection",
        "features": [
            feature for lot in publication.lots for feature in _features(lot, at, publication.stale)
        ],
    }


def _features(lot: PublishedLot, at: str | None, stale: bool) -> Iterator[dict[str, object]]:
    properties = {
        "kind": "lot",
        "name": lot.name,
        "total": len(lot.spots),
        "vacant": lot.count(Occupancy.VACANT),
        "occupied": lot.count(Occupancy.OCCUPIED),
        "unknown": lot.count(Occupancy.UNKNOWN),
        "at": at,
        "stale": stale,
    }
    yield _feature(lot.lot_id, lot.place, properties)
    for spot in lot.spots:
        yield _feature(f"{lot.lot_id}/{spot.spot_id}", spot.place, _spot(lot, spot, at, stale))


def _spot(lot: PublishedLot, spot: PublishedSpot, at: str | None, stale: bool) -> dict[str, object]:
    known = spot.occupancy is not Occupancy.UNKNOWN
    return {
        "kind": "spot",
        "lot": lot.lot_id,
        "spot": spot.spot_id,
        "zone": spot.zone_id or None,
        "occupancy": WORDS[spot.occupancy],
        "confidence": spot.confidence / CONFIDENCE_SCALE if known else None,
        "since": text_of(spot.since_us) if known and spot.since_us else None,
        "at": at,
        "stale": stale,
    }


def _feature(
    feature_id: str, place: Place | None, properties: dict[str, object]
) -> dict[str, object]:
    return {
        "type": "Feature",
        "id": feature_id,
        "geometry": None if place is None else place.point,
        "properties": properties,
    }
