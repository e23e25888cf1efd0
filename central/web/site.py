"""Everything that a route needs, put together once."""

import time
from dataclasses import dataclass
from typing import Protocol

from central.ledger.interface import Audited, Ledger
from central.web.audit.labels import LabelFile
from central.web.feed import Feed
from central.web.freshness import Mark
from central.web.hub import Hub
from central.web.pictures import Pictures
from central.web.problems import away
from central.web.settings import WebSettings
from central.web.sse import encode_event
from central.web.view import View


class WebLedger(Ledger, Audited, Protocol):
    """What of the ledger's client is used here."""


@dataclass(frozen=True)
class Site:
    """One web service."""

    settings: WebSettings
    ledger: WebLedger
    hub: Hub
    feed: Feed
    pictures: Pictures
    labels: LabelFile | None

    @classmethod
    def of(cls, settings: WebSettings, ledger: WebLedger) -> "Site":
        """Put a site together; nothing runs yet."""
        hub = Hub(encode_event)
        pictures = Pictures(settings.processors)
        labels = None if settings.labels is None else LabelFile(settings.labels)
        return cls(settings, ledger, hub, Feed(ledger, hub), pictures, labels)

    @property
    def view(self) -> View:
        """The present state; raises Problem (503) before the ledger answered at all."""
        if self.feed.view is None:
            raise away(f"nothing is known yet: {self.feed.fault}")
        return self.feed.view

    def mark(self) -> Mark:
        """Return the mark of the present view."""
        return self.mark_at(self.view.index)

    def mark_at(self, index: int) -> Mark:
        """Return a mark with the view's age for what belongs to that index."""
        limit_s = self.settings.stale_after_s
        return self.feed.freshness.mark(index, now=time.monotonic(), limit_s=limit_s)
