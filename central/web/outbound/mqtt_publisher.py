"""Keeps a broker's retained messages at what is to be said; over lost connections, too."""

import asyncio
import logging
import time
from dataclasses import dataclass

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from central.web.outbound.follower import Follower
from central.web.outbound.mqtt_messages import OFFLINE, ONLINE, Messages, Topics, messages
from node.address import Address

logger = logging.getLogger(__name__)

MAX_UNACKED = 1000
"""Messages on their way to the broker; what is more waits, and only its newest state is sent."""

LOOK_EVERY_S = 1.0
STOP_S = 3.0


@dataclass(frozen=True)
class Broker:
    """Where the broker is and who we are to it."""

    address: Address
    client_id: str
    username: str = ""
    password: str = ""
    tls: bool = False


class Publisher:
    """`run` until told to stop. Made in a running event loop."""

    def __init__(self, broker: Broker, topics: Topics, *, repeat_s: float) -> None:
        """repeat_s: seconds after which every state is said again, whether it changed or not."""
        self._broker = broker
        self._topics = topics
        self._repeat_s = repeat_s
        self._loop = asyncio.get_running_loop()
        self._said: Messages = {}
        self._said_at = 0.0
        self._unacked = 0
        self._connected = asyncio.Event()
        self._client = self._new_client()

    async def run(self, follower: Follower, stop: asyncio.Event) -> None:
        """Say what the follower knows, until `stop`."""
        address = self._broker.address
        self._client.connect_async(address.host.strip("[]"), address.port, keepalive=15)
        self._client.loop_start()
        try:
            while not stop.is_set():
                if self._connected.is_set():
                    self._say(follower)
                await follower.changed(timeout=LOOK_EVERY_S)
            await self._leave()
        finally:
            await asyncio.to_thread(self._client.loop_stop)

    def _say(self, follower: Follower) -> None:
        publication = follower.publication()
        if publication is None:
            return
        wanted = messages(publication, self._topics)
        now = time.monotonic()
        if now - self._said_at >= self._repeat_s:
            # Not the discovery: that does not grow old.
            self._said = {
                topic: said for topic, said in self._said.items() if topic.endswith("/config")
            }
            self._said_at = now
        for topic in [topic for topic in self._said if topic not in wanted]:
            self._publish(topic, b"")  # an empty message takes a retained one away
        for topic, payload in wanted.items():
            if self._said.get(topic) != payload:
                self._publish(topic, payload)

    def _publish(self, topic: str, payload: bytes) -> None:
        if self._unacked >= MAX_UNACKED or not self._connected.is_set():
            return  # said later: what was not said stays different
        sent = self._client.publish(topic, payload, qos=1, retain=True)
        if sent.rc != mqtt.MQTT_ERR_SUCCESS:
            return
        self._unacked += 1
        if payload:
            self._said[topic] = payload
        else:
            self._said.pop(topic, None)

    async def _leave(self) -> None:
        if self._connected.is_set():
            # On purpose: the broker's own word of us (the will) is for when we die.
            said = self._client.publish(self._topics.status, OFFLINE, qos=1, retain=True)
            await asyncio.to_thread(said.wait_for_publish, STOP_S)
        self._client.disconnect()

    def _new_client(self) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self._broker.client_id)
        if self._broker.username:
            client.username_pw_set(self._broker.username, self._broker.password or None)
        if self._broker.tls:
            client.tls_set()
        client.will_set(self._topics.status, OFFLINE, qos=1, retain=True)
        client.reconnect_delay_set(min_delay=1, max_delay=30)
        client.max_queued_messages_set(2 * MAX_UNACKED)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        return client

    # ---- called by paho's thread -----------------------------------------------------------------

    def _on_connect(
        self, client: mqtt.Client, _: object, __: object, reason: object, ___: object
    ) -> None:
        if getattr(reason, "is_failure", False):
            logger.warning("broker refuses broker=%s reason=%s", self._broker.address, reason)
            return
        logger.info("connected broker=%s", self._broker.address)
        client.publish(self._topics.status, ONLINE, qos=1, retain=True)
        self._loop.call_soon_threadsafe(self._begin)

    def _on_connect_fail(self, _: mqtt.Client, __: object) -> None:
        logger.warning("broker does not answer broker=%s", self._broker.address)

    def _on_disconnect(
        self, _: mqtt.Client, __: object, ___: object, reason: object, ____: object
    ) -> None:
        logger.info("disconnected broker=%s reason=%s", self._broker.address, reason)
        self._loop.call_soon_threadsafe(self._connected.clear)

    def _on_publish(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._acked)

    # ---- called by the event loop ----------------------------------------------------------------

    def _begin(self) -> None:
        # A broker that was restarted may have forgotten all.
        self._said.clear()
        self._unacked = 0
        self._connected.set()

    def _acked(self) -> None:
        self._unacked = max(0, self._unacked - 1)
