"""PURE: the retained messages that say a publication over MQTT, and how Home Assistant finds them.

https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

from central.ledger.records import CONFIDENCE_SCALE, Occupancy
from central.web.answers.lots import WORDS
from central.web.exports.publication import Publication, PublishedLot, PublishedSpot
from central.web.instants import text_of

ONLINE, OFFLINE = b"online", b"offline"

Messages = dict[str, bytes]
"""topic -> payload; every one is retained, so that who subscribes later knows the present."""


@dataclass(frozen=True)
class Topics:
    """Where messages go. discovery: Home Assistant's prefix, empty for no discovery."""

    prefix: str = "parkledger"
    discovery: str = "homeassistant"
    expire_after_s: int = 180  # a state that is not repeated for so long is no state

    @property
    def status(self) -> str:
        """Whether the sender is there; the broker itself says offline when it goes."""
        return f"{self.prefix}/status"

    @property
    def fresh(self) -> str:
        """Whether what the sender says is of the present."""
        return f"{self.prefix}/fresh"

    def lot(self, lot_id: str) -> str:
        """The counts of a lot."""
        return f"{self.prefix}/lot/{lot_id}/state"

    def spot(self, lot_id: str, spot_id: str) -> str:
        """The occupancy of a spot."""
        return f"{self.prefix}/lot/{lot_id}/spot/{spot_id}/state"


def messages(publication: Publication, topics: Topics) -> Messages:
    """Return everything that is to be retained at the broker now."""
    found: Messages = {topics.fresh: OFFLINE if publication.stale else ONLINE}
    for lot in publication.lots:
        found[topics.lot(lot.lot_id)] = _json(_counts(lot, publication))
        for spot in lot.spots:
            found[topics.spot(lot.lot_id, spot.spot_id)] = _json(_spot(spot))
        if topics.discovery:
            found.update(_discovery(lot, topics))
    return found


def _counts(lot: PublishedLot, publication: Publication) -> dict[str, object]:
    return {
        "total": len(lot.spots),
        "vacant": lot.count(Occupancy.VACANT) if lot.seen else None,
        "occupied": lot.count(Occupancy.OCCUPIED) if lot.seen else None,
        "unknown": lot.count(Occupancy.UNKNOWN),
        "stale": publication.stale,
    }


def _spot(spot: PublishedSpot) -> dict[str, object]:
    known = spot.occupancy is not Occupancy.UNKNOWN
    return {
        "occupancy": WORDS[spot.occupancy],
        "confidence": spot.confidence / CONFIDENCE_SCALE if known else None,
        "since": text_of(spot.since_us) if known and spot.since_us else None,
    }


def _discovery(lot: PublishedLot, topics: Topics) -> Iterator[tuple[str, bytes]]:
    lot_key = f"parkledger_{_key(lot.lot_id)}"
    shared: dict[str, object] = {
        "availability": [{"topic": topics.status}, {"topic": topics.fresh}],
        "availability_mode": "all",
        "expire_after": topics.expire_after_s,
        "device": {
            "identifiers": [lot_key],
            "name": lot.name,
            "manufacturer": "Parkledger",
            "sw_version": version("parkledger"),
        },
    }
    for what in ("vacant", "occupied", "unknown"):
        key = f"{lot_key}_{what}"
        yield (
            f"{topics.discovery}/sensor/{key}/config",
            _json(
                {
                    **shared,
                    "name": f"{what.capitalize()} spots",
                    "unique_id": key,
                    "object_id": key,
                    "state_topic": topics.lot(lot.lot_id),
                    "value_template": "{{ value_json.%s }}" % what,  # noqa: UP031
                    "state_class": "measurement",
                    "unit_of_measurement": "spots",
                    "icon": "mdi:parking",
                }
            ),
        )
    for spot in lot.spots:
        key = f"{lot_key}_spot_{_key(spot.spot_id)}"
        yield (
            f"{topics.discovery}/binary_sensor/{key}/config",
            _json(
                {
                    **shared,
                    "name": f"Spot {spot.spot_id}",
                    "unique_id": key,
                    "object_id": key,
                    "state_topic": topics.spot(lot.lot_id, spot.spot_id),
                    # 'None' is how a binary sensor is told that nobody knows.
                    "value_template": (
                        "{{ {'occupied': 'ON', 'vacant': 'OFF'}"
                        ".get(value_json.occupancy, 'None') }}"
                    ),
                    "device_class": "occupancy",
                }
            ),
        )


def _key(identifier: str) -> str:
    # Discovery topics take letters, digits, '_' and '-' only; two ids must not fall together.
    return identifier.replace("_", "__").replace(".", "_-")


def _json(value: dict[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
