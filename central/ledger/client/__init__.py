"""The client of the ledger."""

from central.ledger.client.client import LedgerClient

__all__ = ["LedgerClient"]
