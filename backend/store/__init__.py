"""The backend's tables in PostgreSQL: SQLAlchemy models, migrations, errors."""

from backend.store.errors import DatabaseUnavailable, ForeignDatabase, StoreError

__all__ = ["DatabaseUnavailable", "ForeignDatabase", "StoreError", "migrate"]


def migrate(database_url: str) -> None:
    """Create or upgrade the schema `backend`; safe to call from several processes at once.

    Args:
        database_url: a libpq URL, `postgresql://user@/name?host=/socket/dir`.

    Raises:
        DatabaseUnavailable: nothing answers at the URL.
    """
    # alembic is slow to import, and most who need the tables do not migrate them
    from backend.store.migration import migrate as run

    run(database_url)
