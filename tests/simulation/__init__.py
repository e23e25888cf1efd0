"""A deterministic simulator of a whole ledger group: one seed decides everything.

World (one seed's run) puts Processes (a replica's core, disk and obedience to Effects) on a
Network, lets Clients propose and read, lets Faults happen, and has every step looked at by Watch
(logs, terms, disks) and History (what clients saw). Time is a number; nothing waits.
"""
