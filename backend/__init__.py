"""Chain events to PostgreSQL (indexer), tables (store) and the HTTP interface over them (api)."""
