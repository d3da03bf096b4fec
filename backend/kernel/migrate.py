"""Brings the schema to a revision; the migrations themselves import nothing of the application."""

import os
import time
from collections.abc import Callable

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from backend.kernel import signing
from backend.kernel.crypto import Keyring
from backend.kernel.database import db, driver_url, owner
from config.settings import ROOT, Settings

MIGRATIONS = ROOT / "migrations"
_TRIES, _PAUSE_S = 5, 2.0


def head() -> str:
    """The revision that this build needs: what `migrations/HEAD` names."""
    return (MIGRATIONS / "HEAD").read_text().strip().partition("_")[0]


def upgrade(migrator_url: str, revision: str = "head") -> None:
    """Migrate up to `revision`; what a lock or a restart forbids is tried again four times."""
    _with_retries(migrator_url, lambda alembic: command.upgrade(alembic, revision))


def downgrade(migrator_url: str, revision: str) -> None:
    """Migrate down to `revision` (development and tests)."""
    _with_retries(migrator_url, lambda alembic: command.downgrade(alembic, revision))


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration without an ini file; offline (SQL only) without a connection."""
    alembic = Config()
    # The options are read by configparser, to which a percent sign in a path is special.
    alembic.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    alembic.attributes["connection"] = connection
    return alembic


def is_current() -> bool:
    """Whether the database is at or after the revision that this build needs."""
    found = db.session.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found is not None and str(found) >= head()


def _with_retries(url: str, migrate: Callable[[Config], None]) -> None:
    engine = create_engine(driver_url(url))
    try:
        for left in reversed(range(_TRIES)):
            try:
                with engine.connect() as connection:
                    return migrate(alembic_config(connection))
            except OperationalError:
                if not left:
                    raise
                time.sleep(_PAUSE_S)
    finally:
        engine.dispose()


def main(settings: Settings) -> None:
    """The newest schema, and a key that signs."""
    upgrade(settings.migrator_database_url)
    with owner(settings.migrator_database_url) as connection:
        signing.ensure(connection, Keyring(settings.field_keys, settings.index_key))


if __name__ == "__main__":
    main(Settings.from_env(os.environ))
