"""Replay of measured homes: data in, signed readings out."""
