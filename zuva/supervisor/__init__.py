"""Starts every service of a community as a process, keeps it running, and stops all in order."""
