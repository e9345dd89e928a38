"""Backup of a community while it runs, in one file, and its restoration into a new data directory."""
