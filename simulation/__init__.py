"""Simulated and replayed homes: where readings come from when no meter hangs on the wall."""
