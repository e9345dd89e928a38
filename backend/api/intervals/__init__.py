"""Intervals: their reports on chain, what their data sets add up to, leaves with proofs."""
