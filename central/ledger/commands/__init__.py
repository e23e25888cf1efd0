"""The commands of a replica and of its upkeep."""
