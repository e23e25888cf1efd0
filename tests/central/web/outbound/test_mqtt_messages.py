"""What is said over MQTT, and what Home Assistant makes of it."""

import json
from typing import Any

import pytest

from central.ledger.records import CameraCondition, Occupancy
from central.web.outbound.mqtt_messages import Topics, messages
from tests.central.ledger.samples import OCCUPIED, UNKNOWN, VACANT
from tests.central.web.test_exports import published

TOPICS = Topics()


def said(*states: Occupancy, **options: Any) -> dict[str, Any]:
    found = messages(published(*states, **options), TOPICS)
    return {
        topic: json.loads(payload) if payload.startswith(b"{") else payload.decode()
        for topic, payload in found.items()
    }


def test_lots_and_spots() -> None:
    found = said(OCCUPIED, VACANT)
    assert found["parkledger/fresh"] == "online"
    assert found["parkledger/lot/north/state"]["vacant"] == 1
    assert found["parkledger/lot/north/spot/A1/state"]["occupancy"] == "occupied"


def test_home_assistant_is_told_where_everything_is() -> None:
    found = said(OCCUPIED, VACANT)
    configs = {topic: value for topic, value in found.items() if topic.endswith("/config")}
    assert len(configs) == 3 + 2
    assert len({value["unique_id"] for value in configs.values()}) == len(configs)
    for topic, value in configs.items():
        assert topic.startswith(("homeassistant/sensor/", "homeassistant/binary_sensor/"))
        assert found[value["state_topic"]] is not None
        assert value["expire_after"] == 180
        assert {one["topic"] for one in value["availability"]} == {TOPICS.status, TOPICS.fresh}
        assert value["device"]["identifiers"] == ["parkledger_north"]


def test_ids_that_look_alike_stay_apart() -> None:
    from central.web.outbound.mqtt_messages import _key

    assert len({_key(one) for one in ("a.b", "a_b", "a-b", "a__b", "a_.b", "a._b")}) == 6


@pytest.mark.parametrize(
    "options", [{"stale": True}, {"condition": CameraCondition.SILENT}, {"at_us": None}]
)
def test_what_is_not_known_now_is_not_said(options: dict[str, Any]) -> None:
    found = said(OCCUPIED, VACANT, **({"stale": True} | options))
    assert found["parkledger/fresh"] == "offline"
    assert found["parkledger/lot/north/state"]["vacant"] is None
    assert found["parkledger/lot/north/spot/A1/state"] == {
        "occupancy": "unknown",
        "confidence": None,
        "since": None,
    }


def test_without_discovery_there_is_none() -> None:
    found = messages(published(UNKNOWN, VACANT), Topics(discovery=""))
    assert not [topic for topic in found if topic.endswith("/config")]
