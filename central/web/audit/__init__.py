"""Checking the ledger's answers by eye: samples, labels, and the error rate with its interval."""
