"""Layouts: what a lot consists of and where each camera sees its spots."""
