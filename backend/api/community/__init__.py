"""The community as a whole: now, today, in total."""
