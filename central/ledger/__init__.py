"""The replicated ledger: what it records, how it is stored, and how one talks to it."""
