"""The backend's tables in PostgreSQL: SQLAlchemy models, migrations, errors."""

from backend.store.errors import DatabaseUnavailable, ForeignDatabase, StoreError
from backend.store.migration import migrate

__all__ = ["DatabaseUnavailable", "ForeignDatabase", "StoreError", "migrate"]
