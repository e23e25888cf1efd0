"""Frames through the processor's pipeline, beside a network a spot and a whole-frame detector.

scene: the pictures that all get. stages: bare stages and peers in one thread. live: the same work
through gRPC, in a processor of its own.
"""
