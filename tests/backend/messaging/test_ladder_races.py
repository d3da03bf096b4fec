"""Two processes go on at the same moment: nobody has the next channel twice."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID

import psycopg
import pytest
from conftest import environment
from databases import admin_url
from ladder_builders import a_failed, chain, failed
from people import a_resident
from races import race
from sqlalchemy import Select, select

from backend import messaging
from backend.assembly import assemble, release
from backend.kernel import entry
from backend.kernel.context import Context
from backend.kernel.database import db, held
from backend.kernel.transaction import transaction
from backend.messaging import MessageKind, Reason, answering, chains, ladder_queries
from config.settings import Settings

MANY = 12
CANCELLED = MessageKind.SESSION_CANCELLED
VALUES = {CANCELLED: {"time": "2099年11月23日 15:30", "place": "社区"}}


def unlocked(_ctx: Context, limit: int, _which: object = None) -> Sequence[UUID]:
    """As `ready`, for whoever comes at the same moment as well."""
    waiting = select(messaging.Message.id).where(messaging.Message.climbs)
    return db.session.execute(waiting.limit(limit)).scalars().all()


def sweep(locked: bool) -> int:
    """One sweep that takes its time between looking and writing."""
    found = ladder_queries.found

    def slowly(ctx: Context, ids: Sequence[UUID]) -> list[ladder_queries.Found]:
        rows = found(ctx, ids)
        time.sleep(0.5)
        return rows

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


def act(what: str, first: str, *, guarded: bool) -> None:
    """A sweep that takes its time, and what somebody does to the message at that moment."""
    if what == "climb":
        sweep(locked=True)
        return
    if not guarded:
        chains.lock = lambda which: None
    time.sleep(0.25)
    with transaction():
        row = db.session.get_one(messaging.Message, UUID(first))
        if what == "withdraw":
            messaging.withdraw(entry.now(), row.subject_id)
        else:
            answering.told_by_phone(entry.now(), held(messages(first)), None)


def messages(first: str) -> Select[messaging.Message]:
    return select(messaging.Message).where(messaging.Message.id == UUID(first))


def left(database_url: str, what: str, kind: MessageKind, *, guarded: bool = True) -> int:
    """How many still wait after what somebody did while a text was about to follow."""
    app = assemble(Settings.from_env(environment(database_url, Path(mkdtemp()))))
    with app.app_context():
        with transaction():
            message = a_failed(a_resident(), kind, values=VALUES.get(kind, {}))
            first = str(message.id)
            if what == "read":
                messaging.climb(entry.now())
                for each in chain(message):
                    failed(each, Reason.NOT_DELIVERED)
        db.engine.dispose()
    release(app)
    both = [partial(act, one, first, guarded=guarded) for one in ("climb", what)]
    race(database_url, call, [(one,) for one in both])
    with psycopg.connect(admin_url(database_url.rpartition("/")[2])) as link:
        row = link.execute("SELECT count(*) FROM message WHERE state = 'queued'").fetchone()
    assert row is not None
    return int(row[0])


def call(of: Callable[[], None]) -> None:
    of()


def test_what_is_withdrawn_meanwhile_is_told_on_no_other_channel(own_database: str) -> None:
    assert left(own_database, "withdraw", CANCELLED) == 0


def test_without_the_look_that_waits_it_is(own_database: str) -> None:
    """The negative control."""
    assert left(own_database, "withdraw", CANCELLED, guarded=False) == 1


def test_what_is_read_meanwhile_is_told_on_no_other_channel(own_database: str) -> None:
    assert left(own_database, "read", MessageKind.FOLLOW_UP_DUE) == 0
