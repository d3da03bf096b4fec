"""The role that serves people may serve people and no more; else its processes do not start."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from conftest import environment
from databases import PASSWORD, admin_url, own, url
from sqlalchemy import Connection, NullPool, create_engine, text

from backend.kernel import rights
from backend.kernel.database import Base, driver_url
from backend.kernel.rights import WITHHELD, TooMuch
from config.settings import ROOT


@pytest.fixture(scope="module")
def database(template: str, worker: str) -> Iterator[str]:
    """A database that these tests leave as it is."""
    name = f"jiayi_rights_{worker}"
    with own(template, name):
        yield name


@pytest.fixture
def administrator(database: str) -> Iterator[Connection]:
    """A transaction of the server's administrator that never happened."""
    engine = create_engine(driver_url(admin_url(database)), poolclass=NullPool)
    with engine.connect() as connection, connection.begin() as outer:
        yield connection
        outer.rollback()


@pytest.fixture
def role(worker: str) -> str:
    """The name of a role of a deployment's own choosing, with the rights of jiayi_app."""
    return f"served_{worker}"


MADE = f"CREATE ROLE {{}} LOGIN IN ROLE jiayi_app PASSWORD '{PASSWORD}'"


def verify(address: str) -> None:
    with create_engine(driver_url(address), poolclass=NullPool).connect() as connection:
        rights.verify(connection)


def test_the_app_role_and_its_members_are_right(database: str, role: str) -> None:
    verify(url(database))
    with psycopg.connect(admin_url(database), autocommit=True) as link:
        link.execute(MADE.format(role))  # type: ignore[call-overload]
        try:
            verify(url(database, role))
        finally:
            link.execute(f"DROP ROLE {role}")  # type: ignore[call-overload]


@pytest.mark.parametrize(("words", "said"), [
    ("ALTER ROLE {role} SUPERUSER", "SUPERUSER"),
    ("ALTER ROLE {role} CREATEROLE", "CREATEROLE"),
    ("ALTER ROLE {role} CREATEDB", "CREATEDB"),
    ("ALTER ROLE {role} BYPASSRLS", "BYPASSRLS"),
    ("ALTER ROLE {role} REPLICATION", "REPLICATION"),
    ("ALTER ROLE {role} NOINHERIT; GRANT jiayi_migrator TO {role}", "CREATEROLE"),
    ("ALTER TABLE booking OWNER TO {role}", "owns table booking"),
    ("ALTER FUNCTION idempotency_find(uuid, text) OWNER TO {role}", "function idempotency_find"),
    ("ALTER DATABASE {database} OWNER TO {role}", "owns the database"),
    ("GRANT CREATE ON SCHEMA public TO {role}", "create in schema public"),
    ("GRANT CREATE ON DATABASE {database} TO {role}", "create schemas"),
    ("GRANT UPDATE ON event TO {role}", "UPDATE event"),
    ("GRANT UPDATE (payload) ON event TO {role}", "UPDATE event"),
    ("GRANT DELETE ON disclosure TO {role}", "DELETE disclosure"),
    ("GRANT UPDATE ON disclosure_202611 TO {role}", "UPDATE disclosure_202611"),
    ("GRANT UPDATE ON audit_seal TO PUBLIC", "UPDATE audit_seal"),
    ("GRANT INSERT ON signing_key TO {role}", "INSERT signing_key"),
    ("GRANT TRUNCATE ON booking TO {role}", "TRUNCATE booking"),
    ("GRANT TRIGGER ON resident TO {role}", "TRIGGER resident"),
])  # fmt: skip
def test_a_role_that_may_do_more_is_named(
    administrator: Connection, database: str, role: str, words: str, said: str
) -> None:
    """As it would be named after logging in."""
    for each in [MADE, *words.split("; ")]:
        administrator.execute(text(each.format(role, role=role, database=database)))
    administrator.execute(text(f"SET LOCAL SESSION AUTHORIZATION {role}"))
    with pytest.raises(TooMuch, match=said) as told:
        rights.verify(administrator)
    assert "docs/operations.md" in str(told.value)


def test_a_role_made_in_that_transaction_is_right(administrator: Connection, role: str) -> None:
    """The negative control: else what was changed would not be what is named."""
    administrator.execute(text(MADE.format(role)))
    administrator.execute(text(f"SET LOCAL SESSION AUTHORIZATION {role}"))
    rights.verify(administrator)


@pytest.mark.parametrize("owner", ["migrator", "administrator"])
def test_who_owns_the_schema_does_not_serve(database: str, owner: str) -> None:
    address = url(database, "jiayi_migrator") if owner == "migrator" else admin_url(database)
    with pytest.raises(TooMuch):
        verify(address)


@pytest.mark.parametrize("command", ["api", "jobs"])
@pytest.mark.parametrize("env", ["production", "demo"])
def test_neither_api_nor_jobs_start_with_too_much(
    database: str, tmp_path: Path, command: str, env: str
) -> None:
    """In every environment; by a line that says what to do."""
    settings = environment(url(database, "jiayi_migrator"), tmp_path) | {"ENV": env, "LIMITS": "1"}
    settings["SMS_BASE_URL"] = ""  # in production it would have to be the provider's own
    done = subprocess.run(
        [sys.executable, "-m", "tools.cli", command],
        cwd=ROOT, env=os.environ | settings, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "jiayi_migrator" in done.stderr
    assert "docs/operations.md" in done.stderr


def test_a_worker_ends_itself_as_well(database: str, tmp_path: Path) -> None:
    settings = environment(url(database, "jiayi_migrator"), tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", "import miniapp_api.wsgi"],
        cwd=ROOT, env=os.environ | settings, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, "docs/operations.md" in done.stderr) == (1, True)


def test_a_database_that_is_away_is_looked_at_later(database: str) -> None:
    away = urlsplit(url(database))._replace(netloc="nobody:x@127.0.0.1:9")
    rights.verify_at(urlunsplit(away))


def test_this_page_says_what_the_migrations_withhold(database: str) -> None:
    """Both ways: a table whose rights a migration took is on the page, and the reverse."""
    with psycopg.connect(admin_url(database)) as link:
        rows = link.execute("""
            SELECT c.relname, array_agg(power) FROM pg_class c
            CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) AS power
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
              AND NOT c.relispartition AND NOT has_table_privilege('jiayi_app', c.oid, power)
            GROUP BY 1
        """).fetchall()
    assert {name: set(powers) for name, powers in rows} == {
        name: set(powers) for name, powers in WITHHELD.items()
    }
    assert WITHHELD.keys() - {"alembic_version"} <= Base.metadata.tables.keys()
