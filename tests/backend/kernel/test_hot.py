"""Statements that go past the ORM belong to its transaction all the same."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from uuid import UUID

import psycopg
import pytest
from conftest import environment
from databases import admin_url
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from backend.assembly import assemble, release
from backend.kernel import entry, events, hot
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.kernel.transaction import attempt, outside, transaction
from config.settings import Settings

ADD = "INSERT INTO tick (job, slot) VALUES (%(job)s, %(slot)s) RETURNING slot"
COUNT = "SELECT count(*) AS kept FROM tick WHERE job = %(job)s"
RING = {"job": "ring"}


@pytest.fixture
def real(own_database: str, tmp_path: Path) -> Iterator[Flask]:
    """An app whose commits are real."""
    app = assemble(Settings.from_env(environment(own_database, tmp_path)))
    with app.app_context():
        yield app
        db.session.remove()
    release(app)


def kept() -> int:
    with transaction():
        found: int = hot.row(COUNT, RING).kept
    return found


def test_rows_come_with_names_and_types(real: Flask) -> None:
    with transaction():
        assert hot.row(ADD, {"job": "ring", "slot": 2**40}).slot == 2**40
        assert hot.row("SELECT 1 AS one WHERE %(no)s", {"no": False}) is None


def test_what_is_left_for_the_end_is_committed_with_it(real: Flask) -> None:
    with transaction():
        hot.row(COUNT, RING)
        hot.last(ADD, {"job": "ring", "slot": 1})
    assert kept() == 1


def test_what_is_left_for_the_end_comes_before_the_next_question(real: Flask) -> None:
    with transaction():
        hot.last(ADD, {"job": "ring", "slot": 1})
        assert hot.row(COUNT, RING).kept == 1


def add_and_fail() -> None:
    with transaction():
        hot.row(ADD, {"job": "ring", "slot": 1})
        db.session.execute(text("INSERT INTO tick (job, slot) VALUES ('ring', 2)"))
        hot.last(ADD, {"job": "ring", "slot": 3})
        raise RuntimeError


def test_a_refusal_undoes_both_ways_of_writing(real: Flask) -> None:
    with pytest.raises(RuntimeError):
        add_and_fail()
    assert kept() == 0


def test_statements_stay_prepared_after_a_rollback(real: Flask) -> None:
    for _ in range(3):
        with pytest.raises(RuntimeError):
            add_and_fail()
        with transaction():
            db.session.execute(text("SELECT 1"))
            hot.row(COUNT, RING)


def test_an_answer_asked_ahead_is_given_once(real: Flask) -> None:
    with transaction():
        hot.ahead(COUNT, RING)
        hot.row(ADD, {"job": "ring", "slot": 1})
        assert hot.row(COUNT, RING).kept == 0
        assert hot.row(COUNT, RING).kept == 1


def test_an_answer_asked_ahead_does_not_outlive_its_transaction(real: Flask) -> None:
    with transaction():
        hot.ahead(COUNT, RING)
        hot.row(ADD, {"job": "ring", "slot": 1})
    with transaction():
        assert hot.row(COUNT, RING).kept == 1


def add_twice() -> None:
    with transaction():
        hot.row(ADD, {"job": "ring", "slot": 1})
        hot.last(ADD, {"job": "ring", "slot": 1})


def test_failures_are_sqlalchemys_and_leave_the_connection_usable(real: Flask) -> None:
    with pytest.raises(DataError), transaction():
        hot.row("SELECT 1 / %(n)s", {"n": 0})
    with pytest.raises(IntegrityError):
        add_twice()
    assert kept() == 0


def add_in_vain() -> None:
    with attempt():
        hot.row(ADD, {"job": "ring", "slot": 2})
        raise RuntimeError


def test_a_savepoint_that_fails_takes_its_statements_along(real: Flask) -> None:
    with transaction():
        hot.row(ADD, {"job": "ring", "slot": 1})
        with pytest.raises(RuntimeError):
            add_in_vain()
    assert kept() == 1


def by_session() -> int:
    found: int = db.session.execute(text("SELECT count(*) FROM tick")).scalar_one()
    return found


def test_the_session_joins_a_transaction_that_has_begun_without_it(real: Flask) -> None:
    with transaction():
        hot.row(ADD, {"job": "ring", "slot": 1})
        assert not db.session.registry.has()
        assert by_session() == 1
        db.session.execute(text("INSERT INTO tick (job, slot) VALUES ('ring', 2)"))
        assert hot.row(COUNT, RING).kept == 2
        assert db.engine.pool.checkedout() == 1
    assert (kept(), db.engine.pool.checkedout()) == (2, 0)


def test_it_is_committed_though_the_session_was_asked_for_nothing(real: Flask) -> None:
    with transaction():
        hot.row(ADD, {"job": "ring", "slot": 1})
        db.session.begin_nested()
    db.session.remove()
    assert (kept(), db.engine.pool.checkedout()) == (1, 0)


def test_what_was_done_before_an_outside_call_is_undone(real: Flask) -> None:
    with transaction():
        hot.row(ADD, {"job": "ring", "slot": 1})
        with outside():
            assert db.engine.pool.checkedout() == 0
        hot.row(ADD, {"job": "ring", "slot": 2})
    assert kept() == 1


def swallow_and_commit() -> None:
    with transaction():
        hot.row(ADD, {"job": "ring", "slot": 1})
        with suppress(DataError):
            hot.row("SELECT 1 / %(n)s", {"n": 0})


def test_a_failure_that_was_swallowed_is_no_success(real: Flask) -> None:
    with pytest.raises(DBAPIError):
        swallow_and_commit()
    assert (kept(), db.engine.pool.checkedout()) == (0, 0)


def test_after_a_restart_of_the_server_one_request_fails_and_no_other(
    real: Flask, worker: str
) -> None:
    with ThreadPoolExecutor(3) as threads, psycopg.connect(admin_url()) as link:
        meet = Barrier(3)

        def busy() -> int:
            with real.app_context(), transaction():
                hot.row(COUNT, RING)
                meet.wait(10)
            return 1

        assert sum(threads.map(lambda _: busy(), range(3))) == 3
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        link.execute(ended, [f"jiayi_own_{worker}"])
    db.session.remove()
    with pytest.raises(OperationalError):
        kept()
    assert [kept() for _ in range(4)] == [0] * 4


@dataclass(frozen=True)
class Sounded(events.Event):
    """A horn, made up for these tests."""

    horn_id: UUID


def sound() -> None:
    events.record(entry.now(), Sounded(new_id()))


def sounded() -> int:
    with transaction():
        return db.session.execute(text("SELECT count(*) FROM event")).scalar_one()


def test_a_requests_events_travel_with_its_commit(real: Flask) -> None:
    with transaction(events_last=True):
        sound()
        assert db.session.execute(text("SELECT count(*) FROM event")).scalar_one() == 0
    assert sounded() == 1


def sound_in_vain() -> None:
    with attempt():
        sound()
        raise RuntimeError


def test_an_event_of_a_savepoint_that_failed_did_not_happen(real: Flask) -> None:
    with transaction(events_last=True):
        with pytest.raises(RuntimeError):
            sound_in_vain()
        sound()
    assert sounded() == 1


def refuse_after_sounding() -> None:
    with transaction(events_last=True):
        sound()
        raise RuntimeError


def test_an_event_of_a_refused_request_did_not_happen(real: Flask) -> None:
    with pytest.raises(RuntimeError):
        refuse_after_sounding()
    with transaction():
        sound()
    assert sounded() == 1
