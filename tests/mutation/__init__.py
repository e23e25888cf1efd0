"""Mutation check: classic Raft bugs, planted one at a time, must be caught by the tests.

`python -m tests.mutation` plants each bug of bugs/*.toml in a copy of central/raft and runs the
paper tests (tests/central/raft) and the simulator (tests/simulation) against that copy.
"""
