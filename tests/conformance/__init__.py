"""The ledger's contract, as tests that speak only through its client interface.

Any engine can be run against it: see `engine.py`. The clauses are listed in docs/CONTRACT.md.
"""
