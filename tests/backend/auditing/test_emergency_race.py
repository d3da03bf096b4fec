"""One doctor on many phones at once has no more emergencies a day than the region allows."""

from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from audit_builders import an_emergency, living, tamper
from conftest import MORNING
from databases import admin_url, slow_down_inserts
from flask import current_app
from people import a_member_of_staff, a_resident
from races import race

from backend import identity
from backend.kernel import entry
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.transaction import transaction

PHONES, ALLOWED = 8, 3


@pytest.fixture
def known(own_database: str) -> Iterator[tuple[UUID, UUID]]:
    """A doctor and somebody else's patient."""
    with living(own_database):
        with transaction():
            doctor = a_member_of_staff(Role.DOCTOR)
            ids = doctor.id, a_resident().id
        yield ids


def open_record(doctor_id: UUID, resident_id: UUID) -> str:
    current_app.extensions["clock"] = FixedClock(MORNING)
    assert entry.moment() == MORNING
    with transaction():
        doctor = db.session.get_one(identity.Staff, doctor_id)
        an_emergency(doctor, db.session.get_one(identity.Resident, resident_id))
    return "opened"


def opened(database_url: str) -> int:
    with psycopg.connect(admin_url(urlsplit(database_url).path.strip("/"))) as link:
        found = link.execute("SELECT count(*) FROM emergency_access").fetchone()
    assert found
    return int(found[0])


def test_eight_phones_open_three_records(own_database: str, known: tuple[UUID, UUID]) -> None:
    slow_down_inserts(urlsplit(own_database).path.strip("/"), "emergency_access", 0.3)
    results = race(own_database, open_record, [known] * PHONES)
    assert sorted(set(results)) == ["opened", "too-many-emergencies"]
    assert results.count("opened") == ALLOWED == opened(own_database)


def test_without_the_constraint_they_open_more(own_database: str, known: tuple[UUID, UUID]) -> None:
    """The negative control."""
    name = "uq_emergency_access_staff_id_day_place_of_day"
    tamper(own_database, f"ALTER TABLE emergency_access DROP CONSTRAINT {name}")
    slow_down_inserts(urlsplit(own_database).path.strip("/"), "emergency_access", 0.3)
    race(own_database, open_record, [known] * PHONES)
    assert opened(own_database) > ALLOWED
