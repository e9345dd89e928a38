"""Certificates: totals, holdings, mints, metadata."""
