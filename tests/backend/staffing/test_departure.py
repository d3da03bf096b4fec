"""Leaving: access ends at once, and the work in hand is listed and handed on."""

from datetime import timedelta

import pytest
from clinic_builders import a_roster, a_session
from conftest import MORNING
from contract_builders import a_contract, a_team, join, lead_of
from flask import Flask
from followup_builders import Patient, a_signed_resident
from people import a_member_of_staff, by, by_itself, logged_in
from prescription_builders import Surgery
from staffing_builders import a_manager, stepped_up

from backend import contracting, followups, identity, network, staffing, teams
from backend.kernel.calendar import shanghai_date
from backend.kernel.clock import FixedClock
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, Invalid, StepUpNeeded, Unauthenticated
from backend.kernel.events import EventRow
from backend.kernel.relations import Membership, Relation
from backend.staffing.errors import AlreadyLeft, NoSuccessor

TODAY = shanghai_date(MORNING)


def manager_of(person: identity.Staff) -> Context:
    house = db.session.get(network.Institution, person.institution_id)
    return stepped_up(a_manager(house))


def enrolled() -> Patient:
    patient = a_signed_resident()
    followups.enrol(by(patient.doctor), patient.resident, TODAY - timedelta(days=400), TODAY)
    return patient


def kinds(tasks: object) -> list[str]:
    return [task.kind for task in tasks]  # type: ignore[attr-defined]


def test_access_ends_the_same_second(app: Flask) -> None:
    patient = enrolled()
    token = logged_in(patient.doctor).token.text
    staffing.depart(manager_of(patient.doctor), patient.doctor)
    with pytest.raises(Unauthenticated):
        identity.authenticate(MORNING, token)
    with pytest.raises(Unauthenticated):
        by(patient.doctor)  # a new session is no better
    ended = db.session.query(identity.LoginSession).filter_by(staff_id=patient.doctor.id)
    assert {row.ended_why for row in ended if row.ended_why} == {identity.Ending.LEFT}


def test_a_planned_leave_counts_from_its_instant(app: Flask, clock: FixedClock) -> None:
    patient = enrolled()
    staffing.depart(manager_of(patient.doctor), patient.doctor, MORNING + timedelta(days=30))
    clock.at = MORNING + timedelta(days=30, seconds=-1)
    assert by(patient.doctor).actor.parties >= {patient.team.id}
    clock.at = MORNING + timedelta(days=30)
    with pytest.raises(Unauthenticated):
        by(patient.doctor)


def test_memberships_relations_and_absences_end_with_it(app: Flask) -> None:
    surgery = Surgery()
    colleague = a_member_of_staff(Role.DOCTOR, institution=surgery.centre.id)
    teams.be_absent(by(colleague), colleague, surgery.doctor.id, TODAY, TODAY)
    expert = a_member_of_staff(Role.SPECIALIST, institution=surgery.centre.id)
    session = a_session(a_roster(surgery.centre, expert))
    db.session.add(_booked(expert, surgery.resident, session.id))
    db.session.flush()
    manager = manager_of(surgery.doctor)
    for person in (surgery.doctor, expert):
        staffing.depart(manager, person)
        live = db.session.query(Membership).filter_by(staff_id=person.id, valid_until=None)
        assert live.count() == 0
        assert (
            db.session.query(Relation).filter_by(party_id=person.id, valid_until=None).count() == 0
        )
    assert teams.answering(by_itself(), colleague.id) == colleague.id


def _booked(expert: identity.Staff, resident: identity.Resident, source: object) -> Relation:
    return Relation(
        resident_id=resident.id,
        party_id=expert.id,
        kind="booked",
        valid_from=MORNING,
        valid_until=None,
        source_id=source,
    )


def test_what_is_open_is_told(app: Flask) -> None:
    patient = enrolled()
    open_work = staffing.depart(manager_of(patient.doctor), patient.doctor)
    assert kinds(open_work) == ["contracts", "follow_ups"]
    assert {task.resident_id for task in open_work} == {patient.resident_id}
    assert all(task.work.moves for task in open_work)


def test_an_experts_sessions_are_told_and_cannot_be_moved(app: Flask) -> None:
    surgery = Surgery()
    expert = a_member_of_staff(Role.SPECIALIST, institution=surgery.centre.id)
    a_session(a_roster(surgery.centre, expert))
    (task,) = staffing.depart(manager_of(expert), expert)
    assert (task.kind, task.work.moves, task.resident_id) == ("clinic_sessions", False, None)


def test_a_returned_prescription_is_told(app: Flask) -> None:
    surgery = Surgery()
    issued = surgery.issued()
    tasks = staffing.open_work(manager_of(surgery.doctor), surgery.doctor)
    assert issued.id in {task.work.subject_id for task in tasks if task.kind == "prescriptions"}


def test_the_work_is_handed_to_a_colleague_and_the_resident_is_told(app: Flask) -> None:
    patient = enrolled()
    ctx = manager_of(patient.doctor)
    staffing.depart(ctx, patient.doctor)
    assert staffing.hand_over(ctx, patient.doctor, patient.lead.id) == 2
    assert patient.contract.doctor_id == patient.lead.id
    assert patient.visit.doctor_id == patient.lead.id
    assert staffing.open_work(ctx, patient.doctor) == []
    told = db.session.query(EventRow).filter_by(name="contracting.DoctorChanged").one()
    assert told.resident_id == patient.resident_id
    contract = contracting.hold(by(patient.resident), patient.contract.id)
    assert contracting.terminate(by(patient.resident), contract, contracting.EndReason.OWN_WISH)


def test_a_colleague_of_another_team_gets_nothing(app: Flask) -> None:
    patient = enrolled()
    house = db.session.get_one(network.Institution, patient.doctor.institution_id)
    other = lead_of(a_team(house))
    ctx = manager_of(patient.doctor)
    assert staffing.hand_over(ctx, patient.doctor, other.id) == 0
    assert patient.contract.doctor_id == patient.doctor.id


@pytest.mark.parametrize("who", ["oneself", "nurse", "who left", "nobody"])
def test_who_cannot_take_over(app: Flask, who: str) -> None:
    patient = enrolled()
    gone = a_member_of_staff(Role.DOCTOR, institution=patient.doctor.institution_id)
    join(gone, patient.team)
    gone.left_at = MORNING
    chosen = {
        "oneself": patient.doctor.id,
        "nurse": patient.nurse.id,
        "who left": gone.id,
        "nobody": patient.team.id,
    }
    with pytest.raises(NoSuccessor):
        staffing.hand_over(manager_of(patient.doctor), patient.doctor, chosen[who])


def test_who_may_send_somebody_away(app: Flask) -> None:
    patient = enrolled()
    doctor, manager = patient.doctor, manager_of(patient.doctor)
    house = db.session.get_one(network.Institution, doctor.institution_id)
    with pytest.raises(StepUpNeeded):
        staffing.depart(by(a_manager(house)), doctor)
    for ctx in (stepped_up(a_manager()), stepped_up(patient.lead), stepped_up(doctor)):
        with pytest.raises(Forbidden):
            staffing.depart(ctx, doctor)
    with pytest.raises(Invalid):
        staffing.depart(manager, doctor, MORNING - timedelta(seconds=1))
    staffing.depart(manager, doctor)
    with pytest.raises(AlreadyLeft):
        staffing.depart(manager, doctor)


def test_a_manager_does_not_dismiss_oneself(app: Flask) -> None:
    house = a_contract()
    row = db.session.get_one(network.Institution, house.institution_id)
    whole = a_manager(row, Role.CONSORTIUM_MANAGER)
    with pytest.raises(Forbidden):
        staffing.depart(stepped_up(whole), whole)
