"""`python -m benchmarks ledger`: the ledger beside etcd, three processes each, one machine.

A group of rows is a module with `async def measure(setting: Setting) -> list[Row]`, listed in
`cli.GROUPS`. Everything is measured through the client's interface of each store, on real
processes with real disks.
"""
