"""Doing it twice: the first answer again, byte for byte, and one effect."""

from uuid import UUID

import pytest
from flask import Flask
from races import race
from sqlalchemy import text

from backend.kernel import idempotency
from backend.kernel.database import db
from backend.kernel.idempotency import Answer, KeyReused
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction

KEY = "key-0123456789"


def test_the_stored_answer_comes_back(app: Flask) -> None:
    person, request = new_id(), idempotency.fingerprint("POST", "/x", b"{}")
    assert idempotency.earlier(person, KEY, request) is None
    idempotency.remember(person, KEY, request, Answer(201, b'{"a":1}'))
    assert idempotency.earlier(person, KEY, request) == Answer(201, b'{"a":1}')
    assert idempotency.earlier(new_id(), KEY, request) is None


def test_another_body_under_the_same_key_is_refused(app: Flask) -> None:
    person, request = new_id(), idempotency.fingerprint("POST", "/x", b"{}")
    idempotency.remember(person, KEY, request, Answer(201, b"{}"))
    with pytest.raises(KeyReused):
        idempotency.earlier(person, KEY, idempotency.fingerprint("POST", "/x", b"[]"))


def create_once(person: UUID, guarded: bool) -> bytes:
    """A creation whose effect is one row of `tick`; without the guard nobody asks before acting."""
    request = idempotency.fingerprint("POST", "/x", b"{}")
    with transaction():
        before = idempotency.earlier(person, KEY, request) if guarded else None
        if before:
            return before.body
        body = str(new_id()).encode()
        slot = {"slot": new_id().int >> 70}
        db.session.execute(text("INSERT INTO tick (job, slot) VALUES ('effect', :slot)"), slot)
        if guarded:
            idempotency.remember(person, KEY, request, Answer(201, body))
    return body


def test_simultaneous_requests_with_one_key_have_one_effect(own_database: str) -> None:
    person = new_id()
    answers = race(own_database, create_once, [(person, True)] * 8)
    assert len(set(answers)) == 1


def test_without_the_key_they_have_eight(own_database: str) -> None:
    """The negative control: it is the stored key that makes them one."""
    answers = race(own_database, create_once, [(new_id(), False)] * 8)
    assert len(set(answers)) == 8
