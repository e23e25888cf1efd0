"""The log and its files: what a replica must not lose."""
