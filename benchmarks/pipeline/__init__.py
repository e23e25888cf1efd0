"""Frames through the processor's pipeline, beside a network a spot and a whole-frame detector.

scene, changing: the pictures. stages: bare stages and peers in one thread. served: a processor and
its ledger as processes, on chosen cores. sources, live: cameras that one process plays over gRPC.
groups: the rows that need them.
"""
