"""The state machine: what an entry does to the tables, and the chain over it."""
