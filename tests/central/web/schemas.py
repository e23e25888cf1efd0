"""JSON Schemas of the formats, written down from what their publishers say.

GeoJSON: RFC 7946. ParkAPI: models/ of ParkenDD/parkapi-sources-v3. NGSI-LD: schema.json of
smart-data-models/dataModel.Parking. CDS: events/README.md of the Curb Data Specification 1.0.
DATEX II light: no schema is published that we know of; the fields that its publishers use.
"""

from typing import Any

Schema = dict[str, Any]

INSTANT: Schema = {"type": "string", "format": "date-time", "pattern": r"[+-]\d\d:\d\d$"}
UUID: Schema = {
    "type": "string",
    "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
}
POINT: Schema = {
    "type": "object",
    "required": ["type", "coordinates"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "Point"},
        "coordinates": {
            "type": "array",
            "prefixItems": [
                {"type": "number", "minimum": -180, "maximum": 180},
                {"type": "number", "minimum": -90, "maximum": 90},
            ],
            "minItems": 2,
            "maxItems": 2,
        },
    },
}


def array(of: Schema) -> Schema:
    """An array of these."""
    return {"type": "array", "items": of}


def items(of: Schema) -> Schema:
    """ParkAPI's list of these."""
    return {"type": "object", "required": ["items"], "properties": {"items": array(of)}}


GEOJSON: Schema = {
    "type": "object",
    "required": ["type", "features"],
    "properties": {
        "type": {"const": "FeatureCollection"},
        "features": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "geometry", "properties"],
                "properties": {
                    "type": {"const": "Feature"},
                    "id": {"type": ["string", "number"]},
                    "geometry": {"oneOf": [{"type": "null"}, POINT]},
                    "properties": {"type": ["object", "null"]},
                },
            },
        },
    },
}

_PARKAPI_STATIC: Schema = {
    "uid": {"type": "string", "minLength": 1, "maxLength": 256},
    "name": {"type": "string", "minLength": 1, "maxLength": 256},
    "purpose": {"enum": ["CAR", "BIKE", "ITEM"]},
    "has_realtime_data": {"type": "boolean"},
    "static_data_updated_at": INSTANT,
    "realtime_data_updated_at": INSTANT,
    # ParkAPI takes Europe only.
    "lat": {"type": "number", "minimum": 34, "maximum": 72},
    "lon": {"type": "number", "minimum": -27, "maximum": 43},
}
_COUNT: Schema = {"type": "integer", "minimum": 0}

PARKAPI_SPOT: Schema = {
    "type": "object",
    "required": ["uid", "has_realtime_data", "static_data_updated_at", "lat", "lon"],
    "additionalProperties": False,
    "properties": {
        **_PARKAPI_STATIC,
        "realtime_status": {"enum": ["AVAILABLE", "TAKEN", "UNKNOWN"]},
    },
}
PARKAPI_SITE: Schema = {
    "type": "object",
    "required": [
        *("uid", "name", "type", "capacity", "has_realtime_data", "static_data_updated_at"),
        *("lat", "lon"),
    ],
    "additionalProperties": False,
    "properties": {
        **_PARKAPI_STATIC,
        "type": {"enum": ["ON_STREET", "OFF_STREET_PARKING_GROUND", "UNDERGROUND", "CAR_PARK"]},
        "capacity": _COUNT,
        "realtime_opening_status": {"enum": ["OPEN", "CLOSED", "UNKNOWN"]},
        "realtime_capacity": _COUNT,
        "realtime_free_capacity": _COUNT,
    },
}

_URN: Schema = {"type": "string", "pattern": r"^urn:ngsi-ld:[A-Za-z]+:[\w.:-]+$"}
_CONTEXT: Schema = {"type": "array", "items": {"type": "string", "format": "uri"}, "minItems": 1}

NGSI_SPOT: Schema = {
    "type": "object",
    "required": ["id", "type", "location", "status", "category", "refParkingSite", "@context"],
    "additionalProperties": False,
    "properties": {
        "id": _URN,
        "type": {"const": "ParkingSpot"},
        "name": {"type": "string"},
        "location": POINT,
        "status": {"enum": ["closed", "free", "occupied", "unknown"]},
        "category": {"type": "array", "items": {"enum": ["onStreet", "offStreet"]}, "minItems": 1},
        "refParkingSite": _URN,
        "dateModified": INSTANT,
        "@context": _CONTEXT,
    },
}
NGSI_SITE: Schema = {
    "type": "object",
    "required": ["id", "type", "location", "@context"],
    "additionalProperties": False,
    "properties": {
        "id": _URN,
        "type": {"const": "OffStreetParking"},
        "name": {"type": "string"},
        "location": POINT,
        "category": {"type": "array", "items": {"enum": ["parkingLot"]}, "minItems": 1},
        "allowedVehicleType": {"type": "array", "items": {"enum": ["car"]}},
        "occupancyDetectionType": {"type": "array", "items": {"enum": ["singleSpaceDetection"]}},
        "totalSpotNumber": _COUNT,
        "availableSpotNumber": _COUNT,
        "occupiedSpotNumber": _COUNT,
        "occupancyModified": INSTANT,
        "refParkingSpot": array(_URN),
        "dateModified": INSTANT,
        "@context": _CONTEXT,
    },
}

DATEX: Schema = {
    "type": "object",
    "required": ["_id", "locationAndDimension", "availability", "lastUpdate"],
    "additionalProperties": False,
    "properties": {
        "_id": {"type": "string"},
        "name": {"type": "string"},
        "availability": {"enum": ["available", "closed", "occupied", "unknown"]},
        "lastUpdate": INSTANT,
        "locationAndDimension": {
            "type": "object",
            "required": ["coordinatesForDisplay"],
            "properties": {
                "coordinatesForDisplay": {
                    "type": "object",
                    "required": ["latitude", "longitude"],
                    "properties": {
                        "latitude": {"type": "number", "minimum": -90, "maximum": 90},
                        "longitude": {"type": "number", "minimum": -180, "maximum": 180},
                    },
                }
            },
        },
    },
}

_TIMESTAMP: Schema = {"type": "integer", "minimum": 0}

CDS: Schema = {
    "type": "object",
    "required": ["version", "time_zone", "last_updated", "data"],
    "properties": {
        "version": {"type": "string"},
        "time_zone": {"type": "string"},
        "last_updated": _TIMESTAMP,
        "data": {
            "type": "object",
            "required": ["events"],
            "properties": {
                "events": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": [
                            *("event_id", "event_type", "event_location", "event_time"),
                            *("event_publication_time", "data_source_type"),
                            "data_source_device_id",
                        ],
                        "additionalProperties": False,
                        "properties": {
                            "event_id": UUID,
                            "event_type": {
                                "enum": [
                                    *("comms_lost", "comms_restored", "decommissioned"),
                                    *("park_start", "park_end", "scheduled_report"),
                                    *("enter_area", "exit_area"),
                                ]
                            },
                            "event_location": POINT,
                            "event_time": _TIMESTAMP,
                            "event_publication_time": _TIMESTAMP,
                            "curb_zone_id": UUID,
                            "curb_space_id": UUID,
                            "data_source_type": {"const": "camera"},
                            "data_source_device_id": UUID,
                            "sensor_status_is_online": {"type": "boolean"},
                            "vehicle_blocked_lane_types": {"type": "array"},
                        },
                    },
                }
            },
        },
    },
}
