"""Snapshots and backups as files."""
