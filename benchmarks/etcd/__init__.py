"""etcd as the peer that the ledger is measured against: three processes, and its gRPC interface.

Its interface needs no client package. `rpc.proto` and `kv.proto` hold the few messages that are
used; `python -m benchmarks.etcd.generate` makes the stubs, which are committed.
"""
