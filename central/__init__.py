"""What runs in the middle: the ledger's replicas, the processors, and the whole in one demo."""
