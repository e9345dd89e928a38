"""Takes meters' unsigned states from the broker into PostgreSQL, bounded in memory, disk and rate."""
