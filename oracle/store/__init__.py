"""A node's own store: signed readings, refusals and proposals, append-only, one PostgreSQL schema a node."""
