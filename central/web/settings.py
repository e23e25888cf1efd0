"""What a web service is told at its start."""

from dataclasses import dataclass
from pathlib import Path

from node.address import Address


@dataclass(frozen=True)
class WebSettings:
    """token: what a writer must show; empty: nobody may write. stale_after_s: the age from which
    an answer counts as stale. allow_origins: other sites whose pages may read. processors: where
    pictures are asked for.
    labels: file that keeps what people saw on samples; None: there is no audit."""

    listen: Address
    ledger: tuple[Address, ...]
    token: str = ""
    stale_after_s: float = 30.0
    max_listeners: int = 2000
    allow_origins: tuple[str, ...] = ()
    processors: tuple[Address, ...] = ()
    labels: Path | None = None
