"""Runs a web service from its start to its clean end."""

import asyncio
import contextlib
import logging
import resource
import socket
from collections.abc import Callable, Iterator

import uvicorn

from central.ledger.client import LedgerClient
from central.web.app import create_app
from central.web.settings import WebSettings
from central.web.site import Site
from node.errors import OperationError
from node.listening import check_free

logger = logging.getLogger(__name__)

GRACE_S = 5
OTHER_FILES = 1024
"""Files and sockets beside those of listeners: requests, the ledger, libraries."""


class _Server(uvicorn.Server):
    """uvicorn, but signals are the process's own (`node.shutdown`), and it tells when it serves."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Bind, then tell where."""
        try:
            await super().startup(sockets)
        except SystemExit:  # uvicorn's way to say that it could not bind; it has logged why
            where = f"{self.config.host}:{self.config.port}"
            raise OperationError(
                f"--listen {where}: somebody else listens there by now; choose another port"
            ) from None
        port = self.servers[0].sockets[0].getsockname()[1]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.config.host, self.config.host)
        url = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
        logger.info("ready url=%s", url)
        self._ready(url)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def _nobody(url: str) -> None:
    """The log has said it already."""


async def serve(
    settings: WebSettings, stop: asyncio.Event, *, ready: Callable[[str], None] = _nobody
) -> int:
    """Serve until `stop`; raises OperationError if the address is taken.

    ready: told what a person opens in a browser, once that is served.
    """
    check_free(settings.listen)
    _allow_listeners(settings.max_listeners)
    ledger = LedgerClient(settings.ledger)
    try:
        site = Site.of(settings, ledger)
        try:
            await _run(site, stop, ready)
        finally:
            await site.pictures.close()
            if site.labels is not None:
                site.labels.close()
    finally:
        await ledger.close()
    return 0


async def _run(site: Site, stop: asyncio.Event, ready: Callable[[str], None]) -> None:
    server = _Server(_configuration(site), ready)
    feeding = asyncio.create_task(site.feed.run())
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((feeding, serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        if feeding.done():
            feeding.result()
    finally:
        # Listeners first: uvicorn waits for answers that are under way.
        site.hub.close()
        server.should_exit = True
        await serving
        feeding.cancel()
        stopping.cancel()
        await asyncio.gather(feeding, stopping, return_exceptions=True)


def _allow_listeners(count: int) -> None:
    """Let this process have a socket for each listener, as far as it may: the default is 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        granted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (granted, hard))


def _configuration(site: Site) -> uvicorn.Config:
    listen = site.settings.listen
    return uvicorn.Config(
        create_app(site),
        host=listen.host.strip("[]"),
        port=listen.port,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # nobody is told apart by address here
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
