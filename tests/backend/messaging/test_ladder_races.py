"""Two processes go on at the same moment: nobody has the next channel twice."""

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID

import psycopg
import pytest
from conftest import environment
from databases import admin_url
from ladder_builders import a_failed
from people import a_resident
from races import race
from sqlalchemy import select

from backend import messaging
from backend.assembly import assemble, release
from backend.kernel import entry
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.transaction import transaction
from backend.messaging import ladder_queries
from config.settings import Settings

MANY = 12


def unlocked(_ctx: Context, limit: int, _which: object = None) -> Sequence[UUID]:
    """As `ready`, for whoever comes at the same moment as well."""
    waiting = select(messaging.Message.id).where(messaging.Message.climbs)
    return db.session.execute(waiting.limit(limit)).scalars().all()


def sweep(locked: bool) -> int:
    """One sweep that takes its time between looking and writing."""
    found = ladder_queries.found

    def slowly(ctx: Context, ids: Sequence[UUID]) -> list[ladder_queries.Found]:
        time.sleep(0.5)
        return found(ctx, ids)

    ladder_queries.found = slowly
    if not locked:
        ladder_queries.ready = unlocked  # type: ignore[assignment]
    with transaction():
        return messaging.climb(entry.now())


def texts(database_url: str, *, locked: bool, keyed: bool) -> int:
    """How many texts come of `MANY` messages that two processes look at."""
    app = assemble(Settings.from_env(environment(database_url, Path(mkdtemp()))))
    with app.app_context():
        with transaction():
            for _ in range(MANY):
                a_failed(a_resident())
        db.engine.dispose()
    release(app)
    name = database_url.rpartition("/")[2]
    with psycopg.connect(admin_url(name), autocommit=True) as link:
        if not keyed:
            link.execute("DROP INDEX uq_message_occasion")
        race(database_url, sweep, [(locked,), (locked,)])
        row = link.execute("SELECT count(*) FROM message WHERE channel = 'sms'").fetchone()
    assert row is not None
    return int(row[0])


def test_a_message_goes_on_once_by_its_lock_alone(own_database: str) -> None:
    assert texts(own_database, locked=True, keyed=False) == MANY


@pytest.mark.full
def test_a_message_goes_on_once_by_its_key_alone(own_database: str) -> None:
    assert texts(own_database, locked=False, keyed=True) == MANY


def test_with_neither_it_goes_twice(own_database: str) -> None:
    """The negative control."""
    assert texts(own_database, locked=False, keyed=False) == 2 * MANY
