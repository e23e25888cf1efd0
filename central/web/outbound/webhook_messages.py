"""PURE: what a webhook says of a lot, and how it is signed (standardwebhooks.com)."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

from central.ledger.records import Occupancy
from central.web.exports.publication import PublishedLot
from central.web.instants import text_of


@dataclass(frozen=True)
class LotNews:
    """The state of a lot that is worth telling: two that are equal need not be told twice."""

    lot_id: str
    name: str
    total: int
    vacant: int
    occupied: int
    unknown: int

    @classmethod
    def of(cls, lot: PublishedLot) -> "LotNews":
        """Return what there is to tell of a lot."""
        return cls(
            lot_id=lot.lot_id,
            name=lot.name,
            total=len(lot.spots),
            vacant=lot.count(Occupancy.VACANT),
            occupied=lot.count(Occupancy.OCCUPIED),
            unknown=lot.count(Occupancy.UNKNOWN),
        )


@dataclass(frozen=True)
class Message:
    """One delivery. Every attempt has the same id, so that a receiver can tell them apart."""

    message_id: str
    body: bytes


def message_of(
    news: LotNews, previous: LotNews | None, *, index: int, at_us: int | None, stale: bool
) -> Message:
    """Return the message that tells of a lot. previous: what was told last; None: nothing yet."""
    body = {
        "type": "lot.changed",
        "lot": news.lot_id,
        "name": news.name,
        "counts": _counts(news),
        "previous": None if previous is None else _counts(previous),
        "ledger": {
            "index": index,
            "at": None if at_us is None else text_of(at_us),
            "stale": stale,
        },
    }
    raw = json.dumps(body, ensure_ascii=False).encode()
    digest = hashlib.sha256(raw).hexdigest()[:16]
    return Message(f"{news.lot_id}-{index}-{digest}", raw)


def signature(secret: str, message: Message, *, timestamp: int) -> str:
    """Return the header `webhook-signature`: HMAC-SHA-256 over id, time and body."""
    signed = b".".join((message.message_id.encode(), str(timestamp).encode(), message.body))
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _counts(news: LotNews) -> dict[str, int]:
    return {
        "total": news.total,
        "vacant": news.vacant,
        "occupied": news.occupied,
        "unknown": news.unknown,
    }
