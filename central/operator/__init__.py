"""What an operator types: apply, status, watch. Knows only the client of the ledger."""
