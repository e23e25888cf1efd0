"""Tells one receiver of lots that changed, until it has taken the newest state of each.

Level, not edge: while a receiver is away nothing piles up, and what it gets afterwards is how each
lot stands then. So there is at most one message a lot to send.
"""

import asyncio
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from central.web.outbound.follower import Follower
from central.web.outbound.webhook_messages import LotNews, Message, message_of, signature
from node.backoff import Backoff

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
TIME_OUT_S = 10.0


class NotTaken(Exception):
    """The receiver did not take a message: it did not answer, or not with 2xx."""


@dataclass(frozen=True)
class Receiver:
    """Whom to tell. lots: only these; empty: all."""

    url: str
    secret: str
    lots: frozenset[str] = frozenset()

    def post(self, message: Message) -> None:
        """Send once; raises NotTaken. Blocking."""
        now = int(time.time())
        request = urllib.request.Request(
            self.url,
            data=message.body,
            method="POST",
            headers={
                "Content-Type": "application/json",
                "User-Agent": "parkledger",
                "webhook-id": message.message_id,
                "webhook-timestamp": str(now),
                "webhook-signature": signature(self.secret, message, timestamp=now),
            },
        )
        try:
            # A redirect would carry the signature to somebody else: it counts as a refusal.
            with _OPENER.open(request, timeout=TIME_OUT_S):
                return
        except urllib.error.HTTPError as error:
            raise NotTaken(f"answered {error.code}") from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise NotTaken(str(getattr(reason, "strerror", None) or reason)) from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


class Sender:
    """`run` until told to stop."""

    def __init__(
        self,
        receiver: Receiver,
        *,
        every_s: float,
        backoff: Callable[[], Backoff] = lambda: Backoff(first=1.0, limit=300.0),
    ) -> None:
        """every_s: least seconds between two messages, so that a busy lot is no flood."""
        self._receiver = receiver
        self._every_s = every_s
        self._backoff = backoff()
        self._told: dict[str, LotNews] = {}
        self._missed: set[str] = set()

    async def run(self, follower: Follower, stop: asyncio.Event) -> None:
        """Tell what changes, until `stop`."""
        while not stop.is_set():
            message = self._next(follower)
            if message is None:
                await follower.changed(timeout=LOOK_EVERY_S)
                continue
            news, sent = message
            try:
                await asyncio.to_thread(self._receiver.post, sent)
            except NotTaken as reason:
                delay = self._backoff.next_delay()
                logger.warning(
                    "not taken lot=%s retry_s=%.1f reason=%s", news.lot_id, delay, reason
                )
                await _sleep(delay, stop)
                continue
            self._backoff.reset()
            self._told[news.lot_id] = news
            logger.info("told lot=%s vacant=%d id=%s", news.lot_id, news.vacant, sent.message_id)
            await _sleep(self._every_s, stop)

    def _next(self, follower: Follower) -> tuple[LotNews, Message] | None:
        """Return the next lot that stands otherwise than was told, as it stands now."""
        publication = follower.publication()
        if publication is None:
            return None
        self._warn_of_missing({lot.lot_id for lot in publication.lots})
        for lot in publication.lots:
            news = LotNews.of(lot)
            wanted = not self._receiver.lots or lot.lot_id in self._receiver.lots
            if wanted and self._told.get(lot.lot_id) != news:
                message = message_of(
                    news,
                    self._told.get(lot.lot_id),
                    index=follower.index,
                    at_us=publication.at_us,
                    stale=publication.stale,
                )
                return news, message
        return None

    def _warn_of_missing(self, known: set[str]) -> None:
        """Say once of each lot that nothing is told of it: its name may be misspelt."""
        for lot_id in sorted(self._receiver.lots - known - self._missed):
            self._missed.add(lot_id)
            logger.warning("not known, told once its layout is applied lot=%s", lot_id)


async def _sleep(seconds: float, stop: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
