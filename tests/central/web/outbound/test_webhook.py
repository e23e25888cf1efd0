"""Webhooks: signed, sent until they are taken, and always how a lot stands now."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from central.web.outbound.follower import following
from central.web.outbound.webhook_sender import Receiver, Sender
from node.backoff import Backoff
from node.cli import main
from tests.central.ledger.cluster import DEADLINE, Cluster
from tests.central.ledger.samples import OCCUPIED, VACANT, batch, layout

SECRET = "0123456789abcdef"


@dataclass
class Inbox:
    """A receiver that answers as it is told and keeps what it took."""

    answers: list[int] = field(default_factory=list)  # of the next requests; then 204
    attempts: list[dict[str, str]] = field(default_factory=list)
    taken: list[Any] = field(default_factory=list)
    signed: list[bool] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
        headers = {name.lower(): value for name, _, value in lines}
        body = await reader.readexactly(int(headers["content-length"]))
        status = self.answers.pop(0) if self.answers else 204
        extra = "Location: http://127.0.0.1:1/\r\n" if status == 302 else ""
        writer.write(f"HTTP/1.1 {status} x\r\n{extra}Connection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        async with self._news:
            self.attempts.append(headers)
            if status == 204:
                self.taken.append(json.loads(body))
                self.signed.append(self._check(headers, body))
            self._news.notify_all()

    def _check(self, headers: dict[str, str], body: bytes) -> bool:
        """As a receiver does that knows only the documentation."""
        text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        digest = hmac.new(SECRET.encode(), text, hashlib.sha256).digest()
        return headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()

    async def until_vacant(self, vacant: int) -> Any:
        """Return the last message taken, once it says so many vacant spots."""

        def said() -> bool:
            return bool(self.taken) and self.taken[-1]["counts"]["vacant"] == vacant

        async with asyncio.timeout(2 * DEADLINE), self._news:
            await self._news.wait_for(said)
        return self.taken[-1]

    async def until_tried(self, times: int) -> None:
        """Return once so many requests came."""
        async with asyncio.timeout(2 * DEADLINE), self._news:
            await self._news.wait_for(lambda: len(self.attempts) >= times)


@asynccontextmanager
async def telling(
    directory: Path, inbox: Inbox, *, lots: frozenset[str] = frozenset()
) -> AsyncIterator[Cluster]:
    """Give replicas whose changes are told to the inbox."""
    server = await asyncio.start_server(inbox.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Cluster(directory, replica_ids=("a",)) as cluster:
        await cluster.client().apply(layout())
        stop = asyncio.Event()
        addresses = tuple(cluster.addresses.values())
        async with following(addresses, stale_after_s=60.0) as follower:
            receiver = Receiver(f"http://127.0.0.1:{port}/hook", SECRET, lots)
            sender = Sender(receiver, every_s=0.0, backoff=lambda: Backoff(first=0.05, limit=0.1))
            task = asyncio.create_task(sender.run(follower, stop))
            try:
                yield cluster
            finally:
                stop.set()
                await asyncio.wait_for(task, DEADLINE)
    server.close()


async def test_a_change_is_told_signed_and_with_what_was_before(tmp_path: Path) -> None:
    inbox = Inbox()
    async with telling(tmp_path, inbox) as cluster:
        client = cluster.client()
        await client.append(batch("near", 1, ("A1", VACANT)))
        await inbox.until_vacant(1)
        applied = await client.append(batch("near", 2, ("A1", OCCUPIED)))
        told = await inbox.until_vacant(0)
        assert told["previous"]["vacant"] == 1
        assert (told["lot"], told["ledger"]["index"] >= applied.index) == ("north", True)
        assert all(inbox.signed)


@pytest.mark.parametrize("status", [500, 404, 302])
async def test_what_is_not_taken_is_sent_again(tmp_path: Path, status: int) -> None:
    inbox = Inbox(answers=[status] * 3)
    async with telling(tmp_path, inbox) as cluster:
        await inbox.until_tried(1)
        await cluster.client().append(batch("near", 1, ("A1", VACANT)))
        # Not what was refused, but how the lot stands by then.
        await inbox.until_vacant(1)
        assert len(inbox.attempts) >= 4


async def test_a_lot_that_is_not_there_is_named_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Inbox()
    async with telling(tmp_path, inbox, lots=frozenset({"north", "noth"})) as cluster:
        client = cluster.client()
        await client.append(batch("near", 1, ("A1", VACANT)))
        await inbox.until_vacant(1)
        await client.append(batch("near", 2, ("A1", OCCUPIED)))
        await inbox.until_vacant(0)
    assert [record.args for record in caplog.records if "not known" in record.msg] == [("noth",)]


def test_wrong_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    short = tmp_path / "short"
    short.write_text("abc")
    good = tmp_path / "good"
    good.write_text(SECRET)
    for arguments, says in (
        (["--url", "ftp://x/", "--secret", str(good)], "http://HOST"),
        (["--url", "http:///x", "--secret", str(good)], "http://HOST"),
        (["--url", "http://h:99999/", "--secret", str(good)], "http://HOST"),
        (["--url", "http://h/", "--secret", str(short)], "16 or more characters"),
        (["--url", "http://h/", "--secret", str(tmp_path / "none")], "read (No such file or"),
    ):
        with pytest.raises(SystemExit) as left:
            main(["webhook", *arguments])
        assert left.value.code == 2
        assert says in capsys.readouterr().err
