"""Being forgotten: after the cool-off nobody can tell who it was, but for what a law keeps."""

from datetime import date, timedelta

import pytest
from audit_builders import WHY, an_emergency
from conftest import MORNING
from contract_builders import a_centre
from flask import Flask
from people import Http, a_member_of_staff, a_resident, by, by_itself
from privacy_builders import Life, fresh
from sqlalchemy import select, text

from backend import auditing, clinics, contracting, identity, privacy
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from jobs import privacy as jobs
from jobs import relay

ME = "/resident/me/deletion"
NAME = "欧阳金丝雀"


def ask(http: Http, person: identity.Resident):
    told = {"digest": http("GET", f"{ME}/consequences", person).json["digest"]}
    return http("POST", ME, person, json=told)


def forgotten(http: Http, clock: FixedClock, person: identity.Resident) -> privacy.DeletionRequest:
    assert ask(http, person).status_code == 201
    person_id = person.id
    clock.at = MORNING + timedelta(days=15)
    assert jobs.carry_out_deletions() == 1
    return db.session.query(privacy.DeletionRequest).filter_by(resident_id=person_id).one()


def dump() -> dict[str, str]:
    """Every table in text, bytes in hexadecimal."""
    names = db.session.execute(
        text(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace AND relname !~ '^disclosure_|^audit_entry_'"
        )
    ).scalars()
    return {
        name: "\n".join(db.session.execute(text(f"SELECT t::text FROM {name} t")).scalars())
        for name in names
    }


def where(value: str) -> set[str]:
    forms = {value, value.encode().hex()}
    return {name for name, rows in dump().items() if any(form in rows for form in forms)}


def test_it_can_be_taken_back_for_some_days(http: Http, clock: FixedClock) -> None:
    person = a_resident()
    answer = ask(http, person)
    assert (answer.status_code, answer.json["due_at"][:10]) == (201, "2026-12-08")
    assert http("GET", ME, person).json["request"]["state"] == "asked"
    assert ask(http, person).json["type"][18:] == "already-asked"
    clock.at = MORNING + timedelta(days=14)
    assert jobs.carry_out_deletions() == 0
    person = fresh(person)
    assert http("DELETE", ME, person).json["state"] == "cancelled"
    clock.at = MORNING + timedelta(days=15)
    assert jobs.carry_out_deletions() == 0
    assert ask(http, fresh(person)).status_code == 201


def test_what_was_not_read_is_not_done(http: Http) -> None:
    answer = http("POST", ME, a_resident(), json={"digest": "0" * 64})
    assert (answer.status_code, answer.json["type"][18:]) == (409, "consequences-changed")


def test_of_whom_nothing_must_be_kept_nothing_is(http: Http, clock: FixedClock) -> None:
    person = a_resident(NAME)
    number, person_id = person.id_number or "", person.id
    assert where(NAME) == {"resident"}
    request = forgotten(http, clock, person)
    assert (request.state, request.identity) == ("erased", None)
    assert [where(value) for value in (NAME, number, "13805720001")] == [set()] * 3
    gone = db.session.get_one(identity.Resident, person_id)
    assert (gone.id_number, gone.phone, gone.birth_date) == ("", None, date(1900, 1, 1))
    assert db.session.query(identity.Account).filter_by(resident_id=person_id).count() == 0


def test_what_a_law_keeps_is_kept_sealed_and_listed(http: Http, clock: FixedClock) -> None:
    life = Life(NAME)
    life.visited()
    account = db.session.query(identity.Account).filter_by(resident_id=life.resident_id).one()
    openid = account.openid
    request = forgotten(http, clock, life.resident)
    assert request.state == "restricted"
    kept = {row.category: row for row in privacy.kept_of(life.resident_id)}
    assert set(kept) >= {"contract", "prescription", "health_record"}
    assert kept["contract"].kept_until == date(2029, 12, 8)
    assert kept["health_record"].kept_until == date(2041, 12, 8)
    assert where(NAME) == {"agreement"}  # the text that was confirmed, word for word
    assert where(openid) == set()
    assert NAME in (request.identity or "")
    assert life.states["contract"] == "ended"
    assert db.session.query(clinics.Booking).filter_by(resident_id=life.resident_id).count() == 0


def test_nobody_sees_or_acts_any_more(http: Http, clock: FixedClock) -> None:
    life = Life(NAME)
    own, visit = by(life.resident), life.visit.id
    forgotten(http, clock, life.resident)
    relay.drain()
    assert http("GET", f"/doctor/follow-ups/{visit}", life.doctor).status_code == 404
    with pytest.raises(Exception, match="is closed"), db.session.begin_nested():
        clinics.book(own, life.session_id)
    assert life.states["waiting"] == 0


def test_the_number_can_be_registered_anew(http: Http, clock: FixedClock) -> None:
    person = a_resident(NAME)
    index = person.id_number_index
    forgotten(http, clock, person)
    found = db.session.query(identity.Resident).filter_by(id_number_index=index)
    assert found.count() == 0


def test_with_the_last_term_goes_the_rest(http: Http, clock: FixedClock) -> None:
    life = Life(NAME)
    life.visited()
    person = life.resident_id
    forgotten(http, clock, life.resident)
    db.session.execute(text("UPDATE business_clock SET shift = interval '16 years'"))
    clock.at = MORNING + timedelta(days=365 * 4)
    assert jobs.look_again() == 1
    assert {row.category for row in privacy.kept_of(person)} == {"prescription", "health_record"}
    assert db.session.query(contracting.Contract).filter_by(resident_id=person).count() == 0
    assert where(NAME) == set()
    assert jobs.look_again() == 0
    clock.at = MORNING + timedelta(days=366 * 16)
    assert jobs.look_again() == 1
    request = db.session.query(privacy.DeletionRequest).filter_by(resident_id=person).one()
    assert (request.state, request.identity) == ("erased", None)
    for table in ("prescription", "measurement", "followup", "enrolment", "contract", "relation"):
        words = text(f"SELECT count(*) FROM {table} WHERE resident_id = :person")
        assert db.session.execute(words, {"person": person}).scalar_one() == 0, table


def test_who_opened_the_record_in_an_emergency_answers_for_it_until_its_day(
    http: Http, clock: FixedClock
) -> None:
    person = a_resident(NAME)
    person_id = person.id
    an_emergency(a_member_of_staff(Role.SPECIALIST, "陈专家", a_centre().id), person)
    request = forgotten(http, clock, person)
    kept = {row.category: row.kept_until for row in privacy.kept_of(person_id)}
    assert kept["emergency_access"] == date(2029, 11, 23)
    assert (request.state, request.look_again_on) == ("restricted", date(2029, 11, 24))
    accesses = select(auditing.EmergencyAccess).filter_by(resident_id=person_id)
    assert db.session.execute(accesses).scalar_one().reason == WHY
    db.session.execute(text("UPDATE business_clock SET shift = interval '4 years'"))
    clock.at = MORNING + timedelta(days=365 * 4)
    assert jobs.look_again() == 1
    assert db.session.execute(accesses).all() == []
    gone = db.session.query(privacy.DeletionRequest).filter_by(resident_id=person_id).one()
    assert (gone.state, gone.identity) == ("erased", None)


def test_the_database_refuses_to_expunge_what_must_be_kept(http: Http, clock: FixedClock) -> None:
    life = Life()
    words = text("SELECT expunge(:person, 'prescription')")
    for _ in range(2):
        with pytest.raises(Exception, match="must be kept"), db.session.begin_nested():
            db.session.execute(words, {"person": life.resident_id})
        forgotten(http, clock, life.resident) if _ == 0 else None


def test_what_happened_stays_without_a_name(http: Http, clock: FixedClock, app: Flask) -> None:
    life = Life(NAME)
    forgotten(http, clock, life.resident)
    words = text("SELECT count(*) FROM event WHERE resident_id = :person")
    assert db.session.execute(words, {"person": life.resident_id}).scalar_one() > 5
    assert by_itself()
