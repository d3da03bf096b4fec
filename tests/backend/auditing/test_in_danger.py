"""For whom a record is opened in an emergency, and that a refusal tells nothing of anybody."""

import pytest
from audit_builders import WHY, an_emergency, in_a_hurry, stepped_up
from flask import Flask
from people import Http, a_member_of_staff, a_resident, by_itself
from sqlalchemy import func, select

from backend import auditing, identity
from backend.auditing import Emergency, Whom
from backend.identity.standing import restrict
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.events import EventRow


def ways(person: identity.Resident) -> list[Whom]:
    claim = identity.Claim(person.name, person.id_number or "")
    return [Whom(person.id), Whom(claim=claim)]


@pytest.mark.parametrize("way", [0, 1])
def test_nobody_saves_the_dead_or_reads_the_forgotten(app: Flask, way: int) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    dead, forgotten = a_resident(), a_resident("陈新")
    identity.die(by_itself(), dead.id, by_itself().today)
    identity.forget_person(by_itself(), forgotten.id)
    for person in (dead, forgotten):
        with pytest.raises(auditing.NobodyFound):
            auditing.begin(in_a_hurry(doctor), ways(person)[way], Emergency.CRITICAL, WHY)
    db.session.flush()
    assert db.session.execute(select(func.count(auditing.EmergencyAccess.id))).scalar_one() == 0


@pytest.mark.parametrize("way", [0, 1])
def test_danger_to_life_overrides_a_consent_taken_back(app: Flask, way: int) -> None:
    doctor, person = a_member_of_staff(Role.DOCTOR), a_resident()
    restrict(by_itself(), person.id)
    access = auditing.begin(in_a_hurry(doctor), ways(person)[way], Emergency.CRITICAL, WHY)
    assert access.resident_id == person.id


def test_over_the_limit_nobody_is_looked_for_and_the_attempt_stays(http: Http) -> None:
    doctor, known = a_member_of_staff(Role.DOCTOR), a_resident()
    while True:
        try:
            an_emergency(doctor, known)
        except auditing.TooManyEmergencies:
            break
    before, headers = exceeded(), stepped_up(doctor)
    card = {"kind": "resident_card", "number": known.id_number}
    answers = []
    for name in (known.name, "没有人"):
        told = {"name": name, "document": card, "kind": "unconscious", "reason": WHY}
        answer = http("POST", "/doctor/emergency-access", headers=headers, json=told)
        answers.append((answer.status_code, answer.json["type"][18:], answer.json["detail"]))
    assert answers[0] == answers[1]
    assert answers[0][:2] == (429, "too-many-emergencies")
    assert exceeded() == before + 2


def exceeded() -> int:
    kept = EventRow.name == "auditing.EmergencyAccessExceeded"
    return db.session.execute(select(func.count(EventRow.id)).where(kept)).scalar_one()
