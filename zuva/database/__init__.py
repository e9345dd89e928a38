"""The embedded PostgreSQL server: a launcher for any bin directory, on a Unix socket, with fsync on."""
