"""Server-sent events: one listener on the database, fanned out to every open page."""
