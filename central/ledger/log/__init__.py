"""The log and its file: what a replica must not lose."""
