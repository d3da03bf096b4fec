"""Databases of the tests: one migrated template a worker, cloned where a test needs its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from sqlalchemy import text

from backend.kernel import migrate, signing
from backend.kernel.crypto import Keyring
from backend.kernel.database import owner

ROLES = {"jiayi_migrator": "LOGIN CREATEROLE", "jiayi_app": "LOGIN"}
PASSWORD = "only-for-tests"
LOCK = 740_001
KEY = b"k" * 32
KID = "k1"
RING = Keyring({"f1": KEY}, KEY)
# Half a database's files are months of the log to come; tests do with those until May 2027.
FAR_MONTHS = """
DO $$ DECLARE part text; BEGIN
  FOR part IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent IN ('disclosure'::regclass, 'audit_entry'::regclass)
      AND substring(c.relname FROM '\\d{6}$') > '202705'
  LOOP EXECUTE format('DROP TABLE %I', part); END LOOP;
END $$
"""


def admin_url(database: str = "postgres") -> str:
    """The test server, as its administrator."""
    return _at(os.environ["TEST_ADMIN_URL"], database)


def url(database: str, role: str = "jiayi_app") -> str:
    """A database of the test server, as one of our roles."""
    parts = urlsplit(admin_url(database))
    return urlunsplit(parts._replace(netloc=f"{role}:{PASSWORD}@{parts.netloc.rpartition('@')[2]}"))


def make_roles() -> None:
    """The two roles of a deployment, once a server."""
    with psycopg.connect(admin_url(), autocommit=True) as link:
        link.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        for role, rights in ROLES.items():
            known = link.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            verb = "ALTER" if known else "CREATE"
            link.execute(f"{verb} ROLE {role} {rights} PASSWORD '{PASSWORD}'")  # type: ignore[arg-type]


def make_template(name: str) -> None:
    """An empty database brought to the newest schema by the migrator."""
    remove(name)
    _run(sql.SQL("CREATE DATABASE {} OWNER jiayi_migrator").format(sql.Identifier(name)))
    address = url(name, "jiayi_migrator")
    migrate.upgrade(address)
    with owner(address) as connection:
        connection.execute(text(FAR_MONTHS))
        signing.publish(connection, RING, KID, KEY, timedelta())


def clone(template: str, name: str) -> str:
    """A copy of a template; its URL for the app role."""
    remove(name)
    words = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY OWNER jiayi_migrator")
    _run(words.format(sql.Identifier(name), sql.Identifier(template)))
    return url(name)


def remove(name: str) -> None:
    """Drop a database and whoever is connected to it."""
    _run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def own(template: str, name: str) -> Iterator[str]:
    """A database of one's own for a while."""
    try:
        yield clone(template, name)
    finally:
        remove(name)


@contextmanager
def own_empty(name: str) -> Iterator[str]:
    """A database for a while that holds nothing at all; its URL for the app role."""
    try:
        remove(name)
        _run(sql.SQL("CREATE DATABASE {} OWNER jiayi_migrator").format(sql.Identifier(name)))
        yield url(name)
    finally:
        remove(name)


def slow_down_inserts(name: str, table: str, seconds: float) -> None:
    """Let each insert wait, so that acts which do not exclude one another overlap for certain."""
    slow = sql.SQL(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_sleep({seconds}); RETURN NEW; END';"
        " CREATE TRIGGER dawdle BEFORE INSERT ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION dawdle()"
    )
    with psycopg.connect(admin_url(name), autocommit=True) as link:
        link.execute(slow.format(seconds=sql.Literal(seconds), table=sql.Identifier(table)))


def _run(words: sql.Composed) -> None:
    with psycopg.connect(admin_url(), autocommit=True) as link:
        link.execute(words)


def _at(address: str, database: str) -> str:
    return urlunsplit(urlsplit(address)._replace(path=f"/{database}"))
