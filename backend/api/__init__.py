"""The HTTP interface over what the indexer stored; it reads PostgreSQL and nothing else."""

from backend.api.app import create_app

__all__ = ["create_app"]
