"""A real broker, and one who listens to it."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from node.address import Address
from tests.central.ledger.cluster import DEADLINE, free_ports


@dataclass
class Mosquitto:
    """A broker that can be stopped and started."""

    directory: Path
    address: Address
    _process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it takes connections."""
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if program is None:
            pytest.skip("mosquitto is not installed (Debian's package of that name)")
        settings = self.directory / "mosquitto.conf"
        settings.write_text(
            f"listener {self.address.port} {self.address.host}\nallow_anonymous true\n"
        )
        self._process = await asyncio.create_subprocess_exec(
            program,
            "-c",
            str(settings),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(DEADLINE):
            while True:
                try:
                    _, writer = await asyncio.open_connection(self.address.host, self.address.port)
                except OSError:
                    await asyncio.sleep(0.02)
                    continue
                writer.close()
                return

    async def stop(self) -> None:
        """End it, and with it all that it retained."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


@asynccontextmanager
async def mosquitto(directory: Path) -> AsyncIterator[Mosquitto]:
    """Give a broker that runs; skips the test where none is installed."""
    broker = Mosquitto(directory, Address("127.0.0.1", free_ports(1)[0]))
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


@dataclass
class Heard:
    """The last message of every topic, as a subscriber knows them."""

    messages: dict[str, bytes] = field(default_factory=dict)

    def json(self, topic: str) -> Any:
        """Return what a topic says; None where nothing was heard."""
        return json.loads(self.messages[topic]) if self.messages.get(topic) else None

    async def until(self, holds: Callable[["Heard"], bool]) -> None:
        """Return once that holds."""
        async with asyncio.timeout(2 * DEADLINE):
            while not holds(self):  # noqa: ASYNC110 - paho's thread writes
                await asyncio.sleep(0.02)


@asynccontextmanager
async def subscriber(address: Address) -> AsyncIterator[Heard]:
    """Give one who is subscribed to everything, and comes back when the broker does."""
    heard = Heard()
    client = mqtt.Client(CallbackAPIVersion.VERSION2)

    def on_connect(*_: object) -> None:
        client.subscribe("#", qos=1)

    def on_message(_: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        heard.messages[message.topic] = bytes(message.payload)

    client.on_connect = on_connect
    client.on_message = on_message
    client.reconnect_delay_set(min_delay=1, max_delay=1)
    client.connect(address.host, address.port)
    client.loop_start()
    try:
        yield heard
    finally:
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)
