"""Meters: who they are, their registers, what they moved."""
