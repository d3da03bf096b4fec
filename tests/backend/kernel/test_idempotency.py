"""Doing it twice: the first answer again, byte for byte, and one effect."""

from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from databases import admin_url, slow_down_inserts
from flask import Flask
from races import race
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from backend.kernel import idempotency
from backend.kernel.database import db
from backend.kernel.idempotency import Answer, KeyReused
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction

KEY = "key-0123456789"
COLLIDED = b"collided"


def test_the_stored_answer_comes_back(app: Flask) -> None:
    person, request = new_id(), idempotency.fingerprint("POST", "/x", b"", b"{}")
    assert idempotency.earlier(person, KEY, request) is None
    idempotency.remember(person, KEY, request, Answer(201, b'{"a":1}'))
    assert idempotency.earlier(person, KEY, request) == Answer(201, b'{"a":1}')
    assert idempotency.earlier(new_id(), KEY, request) is None


def test_another_body_under_the_same_key_is_refused(app: Flask) -> None:
    person, request = new_id(), idempotency.fingerprint("POST", "/x", b"", b"{}")
    idempotency.remember(person, KEY, request, Answer(201, b"{}"))
    with pytest.raises(KeyReused):
        idempotency.earlier(person, KEY, idempotency.fingerprint("POST", "/x", b"", b"[]"))


def create_once(person: UUID) -> bytes:
    """A creation whose effect is one row of `tick`."""
    request = idempotency.fingerprint("POST", "/x", b"", b"{}")
    with transaction():
        before = idempotency.earlier(person, KEY, request)
        if before:
            return before.body
        body = str(new_id()).encode()
        slot = {"slot": new_id().int >> 70}
        db.session.execute(text("INSERT INTO tick (job, slot) VALUES ('effect', :slot)"), slot)
        idempotency.remember(person, KEY, request, Answer(201, body))
    return body


def create_or_collide(person: UUID) -> bytes:
    """As above, where the stored key alone may stop the second effect."""
    try:
        return create_once(person)
    except IntegrityError:
        return COLLIDED


def test_simultaneous_requests_with_one_key_have_one_effect(own_database: str) -> None:
    slow_down_inserts(name_of(own_database), "tick", 0.3)
    answers = race(own_database, create_or_collide, [(new_id(),)] * 8)
    assert len(set(answers)) == 1
    assert COLLIDED not in answers


def test_without_the_lock_several_act(own_database: str) -> None:
    """The negative control: it is the lock that lets the second one wait for the first's answer."""
    name = name_of(own_database)
    with psycopg.connect(admin_url(name), autocommit=True) as link:
        body = link.execute(
            "SELECT replace(pg_get_functiondef('idempotency_find'::regproc),"
            " 'pg_advisory_xact_lock', 'abs')"
        ).fetchone()
        assert body is not None
        link.execute(body[0])
    slow_down_inserts(name, "tick", 0.5)
    answers = race(own_database, create_or_collide, [(new_id(),)] * 8)
    assert answers.count(COLLIDED) > 0


def name_of(own_database: str) -> str:
    return urlsplit(own_database).path.strip("/")
