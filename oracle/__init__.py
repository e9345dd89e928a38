"""Meters' readings in, reports out: ingest, acceptance rules, store, quorum, submission, minting."""
