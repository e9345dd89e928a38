"""Mirrors the contracts' events and the data sets behind them into PostgreSQL, exactly once."""
