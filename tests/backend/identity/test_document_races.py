"""One document, one person; one code, one account: whatever happens at once."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from conftest import MORNING, environment
from databases import admin_url, slow_down_inserts
from flask import Flask
from people import a_member_of_staff, a_resident, an_account, by
from races import race

from backend import identity
from backend.assembly import assemble, release
from backend.identity.binding import document_index
from backend.identity.documents import DocumentKind, read
from backend.kernel import entry
from backend.kernel.clock import FixedClock
from backend.kernel.context import Actor, Role
from backend.kernel.database import db
from backend.kernel.transaction import transaction
from config.settings import Settings

PASSPORT = ("AB12345", DocumentKind.PASSPORT, "GBR", date(1946, 5, 1), identity.Sex.FEMALE)


@pytest.fixture
def apart(own_database: str, tmp_path: Path) -> Iterator[Flask]:
    """An app whose commits are real, on the database of the race."""
    app = assemble(Settings.from_env(environment(own_database, tmp_path)), FixedClock(MORNING))
    with app.app_context():
        yield app
        db.session.remove()
    release(app)


def register(staff_id: UUID, name: str) -> str:
    """At one desk somebody comes with a passport."""
    version = identity.consent_text(identity.Purpose.HEALTH_DATA).version
    with transaction():
        ctx = by(db.session.get_one(identity.Staff, staff_id))
        claim = identity.Claim(name, *PASSPORT)
        return str(identity.verify_at_desk(ctx, claim, agreed_version=version).resident.id)


def add(staff_id: UUID, resident_id: UUID) -> str:
    """At another the same passport is given as a further document of somebody on file."""
    with transaction():
        ctx = by(db.session.get_one(identity.Staff, staff_id))
        person = db.session.get_one(identity.Resident, resident_id)
        known = identity.Claim(person.name, person.id_number or "")
        return str(identity.add_document(ctx, known, identity.Claim(person.name, *PASSPORT)).id)


def act(what: str, staff_id: UUID, other: UUID) -> str:
    return register(staff_id, "王桂芬") if what == "register" else add(staff_id, other)


def at_eight_desks(own_database: str) -> list[str]:
    with transaction():
        clerks = [a_member_of_staff(Role.NURSE).id for _ in range(8)]
        others = [a_resident(f"居民{'甲乙丙丁戊己庚辛'[n]}").id for n in range(8)]
    deeds = ["register", "add"] * 4
    return race(own_database, act, list(zip(deeds, clerks, others, strict=True)))


def holders() -> int:
    """How many people have the passport, read from main and further documents alike."""
    index = document_index(read(PASSPORT[1], PASSPORT[0], MORNING.date(), PASSPORT[2]))
    words = """SELECT count(DISTINCT who) FROM (
      SELECT id AS who FROM resident WHERE id_number_index = :index
      UNION ALL SELECT resident_id FROM resident_document WHERE number_index = :index) AS found"""
    return int(db.session.execute(db.text(words), {"index": index}).scalar_one())


@pytest.mark.parametrize("again", range(3))
def test_at_eight_desks_one_passport_is_one_person(
    apart: Flask, own_database: str, worker: str, again: int
) -> None:
    slow_down_inserts(f"jiayi_own_{worker}", "resident_document", 0.2)
    answers = at_eight_desks(own_database)
    assert holders() == 1
    served = {answer for answer in answers if len(answer) == 36}
    assert len(served) == 1
    assert set(answers) - served <= {"document-taken", "name-differs"}


def test_without_the_constraint_more_would_have_it(
    apart: Flask, own_database: str, worker: str
) -> None:
    """The negative control: it is the unique index over all documents that makes it one."""
    with psycopg.connect(admin_url(f"jiayi_own_{worker}")) as link:
        link.execute(
            "ALTER TABLE resident_document DROP CONSTRAINT uq_resident_document_number_index"
        )
    slow_down_inserts(f"jiayi_own_{worker}", "resident_document", 0.5)
    at_eight_desks(own_database)
    assert holders() > 1


def use(staff_id: UUID, code: str, number: str) -> str:
    version = identity.consent_text(identity.Purpose.HEALTH_DATA).version
    with transaction():
        ctx = by(db.session.get_one(identity.Staff, staff_id))
        claim = identity.Claim("王桂芬", number, *PASSPORT[1:])
        return str(identity.verify_at_desk(ctx, claim, code, version).resident.id)


def test_one_code_binds_one_account_to_one_person(apart: Flask, own_database: str) -> None:
    with transaction():
        clerks = [a_member_of_staff(Role.NURSE).id for _ in range(8)]
        account = an_account()
        holder = Actor(account.id, Role.RESIDENT)
        ctx = entry.context(holder, entry.moment())
        text = identity.consent_text(identity.Purpose.HEALTH_DATA)
        identity.consent(ctx, text.purpose, text.version)
        code = identity.make_desk_code(ctx).code
    answers = race(
        own_database, use, [(clerk, code, f"AB1234{n}") for n, clerk in enumerate(clerks)]
    )
    assert sorted(answers)[1:] == ["desk-code-unknown"] * 7
    bound = db.session.execute(db.select(identity.Account.resident_id)).scalars()
    assert [str(one) for one in bound if one is not None] == [sorted(answers)[0]]


def guess(staff_id: UUID, code: str) -> str:
    return use(staff_id, code, "AB12345")


def test_guesses_at_once_are_counted_one_by_one(apart: Flask, own_database: str) -> None:
    with transaction():
        clerk = a_member_of_staff(Role.NURSE).id
    tries = [(clerk, f"0000{n:04}") for n in range(14)]
    answers = race(own_database, guess, tries)
    assert sorted(answers) == ["desk-code-unknown"] * 10 + ["too-many"] * 4
