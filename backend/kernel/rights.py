"""What the role that serves people may not do, verified before it does anything.

A stolen connection of the app can then neither rewrite what happened, nor change the schema, nor
give itself more. Migrations withhold the rights; this page says which, a test compares the two, and
a process whose role has more does not start.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog
from flask import Flask
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from backend.kernel.database import db, driver_url

log = structlog.get_logger(__name__)

APPENDED = ("UPDATE", "DELETE")
READ = ("INSERT", "UPDATE", "DELETE")
WITHHELD: Mapping[str, Sequence[str]] = {
    "agreement": APPENDED,
    "alembic_version": READ,
    "audit_entry": APPENDED,
    "audit_retired": READ,
    "audit_seal": APPENDED,
    "credit": APPENDED,
    "message_step": APPENDED,
    "disclosure": APPENDED,
    "disclosure_unsealed": ("UPDATE",),
    "emergency_access": ("DELETE",),
    "event": APPENDED,
    "lottery_draw": APPENDED,
    "lottery_list": APPENDED,
    "lottery_rank": APPENDED,
    "lottery_result": APPENDED,
    "lottery_ticket": APPENDED,
    "prescription_confirmation": APPENDED,
    "prescription_dispensing": APPENDED,
    "prescription_review": APPENDED,
    "send_fence": ("INSERT", "DELETE"),
    "signing_key": READ,
    "verification_failure": ("UPDATE",),
}
ADVICE = "connect as a role with the rights of jiayi_app alone, see docs/operations.md"
AGAIN_S = 1.0

# `session_user` is who logged in: whatever role was set since, it can be set back.
_TOO_MUCH = text("""
WITH mine AS (
  SELECT oid, rolname, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication
  FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')
), tables AS (
  SELECT c.oid, c.relname, coalesce(parent.relname, c.relname) AS name, c.relowner
  FROM pg_class c
  LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
  LEFT JOIN pg_class parent ON parent.oid = i.inhparent
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
)
SELECT CASE power WHEN 'SUPERUSER' THEN 0 ELSE 1 END AS rank,
  'is or may become ' || rolname || ', which has ' || power AS words
FROM mine, LATERAL (VALUES ('SUPERUSER', rolsuper), ('CREATEROLE', rolcreaterole),
  ('CREATEDB', rolcreatedb), ('BYPASSRLS', rolbypassrls), ('REPLICATION', rolreplication)
) AS powers (power, has) WHERE has
UNION ALL
SELECT 2, 'is or may become ' || rolname || ', which owns ' || owned
FROM mine, LATERAL (
  SELECT relowner AS owner, 'table ' || relname AS owned FROM tables
  UNION ALL SELECT proowner, 'function ' || proname FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT nspowner, 'schema public' FROM pg_namespace WHERE nspname = 'public'
  UNION ALL SELECT datdba, 'the database' FROM pg_database WHERE datname = current_database()
) AS things WHERE owner = mine.oid
UNION ALL
SELECT 3, 'may create in schema public'
WHERE has_schema_privilege(session_user, 'public', 'CREATE')
UNION ALL
SELECT 3, 'may create schemas'
WHERE has_database_privilege(session_user, current_database(), 'CREATE')
UNION ALL
SELECT 4, 'may ' || power || ' ' || relname
FROM tables, unnest(ARRAY['TRUNCATE', 'TRIGGER', 'REFERENCES']) AS power
WHERE has_table_privilege(session_user, oid, power)
UNION ALL
SELECT 4, 'may ' || power || ' ' || relname
FROM tables JOIN jsonb_each(CAST(:withheld AS jsonb)) AS w ON w.key = name,
  jsonb_array_elements_text(w.value) AS power
WHERE has_table_privilege(session_user, oid, power)
  OR power <> 'DELETE' AND has_any_column_privilege(session_user, oid, power)
ORDER BY rank, words
""")


class TooMuch(Exception):
    """The role may do more than it should; the text says what, and what to do."""


def verify(connection: Connection) -> None:
    """Raise `TooMuch` where the role that logged in may do what this page withholds."""
    withheld = json.dumps({table: list(powers) for table, powers in WITHHELD.items()})
    found = connection.execute(_TOO_MUCH, {"withheld": withheld}).all()
    words = [row.words for row in found]
    if words:
        more = f" and {len(words) - 5} more" if len(words) > 5 else ""
        raise TooMuch(f"the database role {'; '.join(words[:5])}{more}: {ADVICE}")


def verify_at(url: str) -> None:
    """The same by a connection of its own; a database that is away is verified later."""
    engine = create_engine(driver_url(url), poolclass=NullPool, connect_args={"connect_timeout": 5})
    with suppress(OperationalError), engine.connect() as connection:
        verify(connection)


def enforce(app: Flask) -> None:
    """End this process where its role may do too much; while the database is away, look again."""
    if not _verified(app):
        threading.Thread(target=_until_verified, args=(app,), name="rights", daemon=True).start()


def _until_verified(app: Flask) -> None:
    while not _verified(app):
        time.sleep(AGAIN_S)


def _verified(app: Flask) -> bool:
    try:
        with app.app_context(), db.engine.connect() as connection:
            verify(connection)
    except TooMuch as words:
        sys.stderr.write(f"jiayi: {words}\n")
        os._exit(1)
    except (OperationalError, PoolExhausted) as failure:
        log.warning("rights not verified yet", error=type(failure).__name__)
        return False
    return True
