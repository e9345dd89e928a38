"""Telemetry: what meters see now, its history, its changes for the stream. Unsigned, never settled."""
