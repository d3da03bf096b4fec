"""Somebody is away: the deputy sees the residents and gets the tasks, for that time."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from conftest import MORNING
from contract_builders import a_team, an_application, join, lead_of
from flask import Flask
from followup_builders import a_signed_resident
from people import a_member_of_staff, by, by_itself
from staffing_builders import a_consortium, a_manager

from backend import contracting, followups, identity, staffing, teams
from backend.contracting.errors import TeamDoctorNeeded
from backend.kernel.calendar import begins_at
from backend.kernel.clock import FixedClock
from backend.kernel.context import STAFF, Role
from backend.kernel.database import db
from backend.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from backend.kernel.events import EventRow
from backend.kernel.paging import Wanted
from backend.kernel.relations import Belonging, Membership
from backend.teams.errors import AbsenceOverlaps, DeputyAway, UnfitDeputy

TODAY = date(2026, 11, 23)
TOMORROW, FRIDAY = TODAY + timedelta(days=1), TODAY + timedelta(days=4)


def a_colleague(of: identity.Staff, role: Role | None = None) -> identity.Staff:
    """Somebody of the same house who belongs to no team."""
    return a_member_of_staff(role or of.role, "代班医生", of.institution_id)


def away(
    person: identity.Staff,
    deputy: identity.Staff,
    first: date = TOMORROW,
    last: date = FRIDAY,
    by_whom: identity.Staff | None = None,
) -> teams.Absence:
    return teams.be_absent(by(by_whom or person), person, deputy.id, first, last)


def sees(person: identity.Staff, resident_id: UUID) -> bool:
    found = contracting.signed(by(person), Wanted())
    return resident_id in {row.resident_id for row in found.items}


def test_the_deputy_belongs_to_the_teams_for_these_days_and_no_longer(
    app: Flask, clock: FixedClock
) -> None:
    patient = a_signed_resident()
    deputy = a_colleague(patient.doctor)
    away(patient.doctor, deputy)
    for instant, seen in (
        (MORNING, False),
        (begins_at(TOMORROW) - timedelta(seconds=1), False),
        (begins_at(TOMORROW), True),
        (begins_at(FRIDAY + timedelta(days=1)) - timedelta(seconds=1), True),
        (begins_at(FRIDAY + timedelta(days=1)), False),
    ):
        clock.at = instant
        assert sees(deputy, patient.resident_id) is seen, instant


def test_who_answers_is_the_deputy_while_it_lasts(app: Flask, clock: FixedClock) -> None:
    patient = a_signed_resident()
    deputy = a_colleague(patient.doctor)
    away(patient.doctor, deputy)
    assert teams.answering(by_itself(), patient.doctor.id) == patient.doctor.id
    clock.at = begins_at(TOMORROW)
    assert teams.answering(by_itself(), patient.doctor.id) == deputy.id
    members = teams.members_of(by_itself(), patient.team.id)
    assert deputy.id in members
    assert patient.doctor.id not in members


def test_a_lead_is_stood_in_for(app: Flask) -> None:
    team = a_team()
    lead = lead_of(team)
    deputy = a_colleague(lead)
    away(lead, deputy, TODAY)
    assert teams.lead_of(by_itself(), team.id) == deputy.id


def test_who_signs_with_the_deputy_has_the_absent_doctor(app: Flask, clock: FixedClock) -> None:
    team = a_team()
    lead = lead_of(team)
    deputy, other = a_colleague(lead), a_member_of_staff(Role.DOCTOR, "李医生", lead.institution_id)
    join(other, team)
    away(lead, deputy, TODAY)
    contracts = [an_application(team), an_application(team)]
    for doctor, contract, responsible in zip(
        (deputy, other), contracts, (lead, other), strict=True
    ):
        contracting.accept(by(doctor), contract)
        assert (contract.doctor_id, contract.answered_by) == (responsible.id, doctor.id)
    told = db.session.query(EventRow).filter_by(name="contracting.ContractAccepted").all()
    assert {row.payload["doctor_id"] for row in told} == {str(lead.id), str(other.id)}
    clock.at = begins_at(FRIDAY + timedelta(days=1))
    with pytest.raises((Forbidden, NotFound)):
        contracting.accept(by(deputy), an_application(team))


def test_a_deputy_who_stands_in_for_nobody_there_any_more_names_no_doctor(app: Flask) -> None:
    team = a_team()
    lead = lead_of(team)
    deputy = a_colleague(lead)
    away(lead, deputy, TODAY)
    waiting, then = an_application(team), by(deputy)
    lead.left_at = then.at
    db.session.flush()
    with pytest.raises(TeamDoctorNeeded):
        contracting.accept(then, waiting)


def test_what_falls_due_is_put_to_the_deputy_who_takes_it_on(app: Flask) -> None:
    patient = a_signed_resident()
    deputy = a_colleague(patient.doctor)
    followups.enrol(by(patient.doctor), patient.resident, TODAY - timedelta(days=400), TODAY)
    away(patient.doctor, deputy, TODAY)
    visit = followups.fall_due(by_itself(), patient.visit)
    told = db.session.query(EventRow).filter_by(name="followups.FollowUpFellDue").one()
    assert told.payload["doctor_id"] == str(deputy.id)
    assert visit.doctor_id == patient.doctor.id  # who comes back has it again
    followups.acknowledge(by(deputy), followups.hold(by(deputy), visit.id))
    assert visit.acknowledged_by == deputy.id


def test_what_nobody_took_on_goes_past_the_deputy_to_the_lead(
    app: Flask, clock: FixedClock
) -> None:
    patient = a_signed_resident()
    deputy = a_colleague(patient.lead)
    followups.enrol(by(patient.doctor), patient.resident, TODAY - timedelta(days=400), TODAY)
    away(patient.lead, deputy, TODAY)
    visit = followups.fall_due(by_itself(), patient.visit)
    clock.at = MORNING + timedelta(days=3)
    assert followups.escalate(by_itself(), visit).escalated_to == deputy.id


@pytest.mark.parametrize("role", sorted(STAFF))
def test_a_deputy_does_the_same_kind_of_work(app: Flask, role: Role) -> None:
    nurse = a_member_of_staff(Role.NURSE)
    deputy = a_colleague(nurse, role)
    if role in {Role.NURSE, Role.PUBLIC_HEALTH}:
        assert away(nurse, deputy).deputy_id == deputy.id
    else:
        with pytest.raises(UnfitDeputy):
            away(nurse, deputy)


def test_nobody_stands_in_for_oneself_nor_from_another_house_nor_after_leaving(app: Flask) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    leaver = a_colleague(doctor)
    leaver.left_at = begins_at(FRIDAY)
    for deputy in (doctor, a_member_of_staff(Role.DOCTOR), leaver):
        with pytest.raises(UnfitDeputy):
            away(doctor, deputy)


def test_a_consortium_manager_sends_a_deputy_from_another_house(app: Flask) -> None:
    one, other = a_consortium()
    doctor = a_member_of_staff(Role.DOCTOR, institution=one.id)
    deputy = a_member_of_staff(Role.DOCTOR, institution=other.id)
    with pytest.raises(UnfitDeputy):
        away(doctor, deputy, by_whom=a_manager(one))
    assert away(doctor, deputy, by_whom=a_manager(one, Role.CONSORTIUM_MANAGER))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (TOMORROW, TOMORROW),
        (TODAY, TOMORROW),
        (FRIDAY, FRIDAY + timedelta(days=9)),
        (TODAY, FRIDAY + timedelta(days=9)),
    ],
)
def test_nobody_is_away_twice(app: Flask, first: date, last: date) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    away(doctor, a_colleague(doctor))
    with pytest.raises(AbsenceOverlaps):
        away(doctor, a_colleague(doctor), first, last)
    assert away(doctor, a_colleague(doctor), FRIDAY + timedelta(days=1), FRIDAY + timedelta(days=1))


def test_who_is_away_stands_in_for_nobody_and_who_stands_in_does_not_go(app: Flask) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    deputy, third = a_colleague(doctor), a_colleague(doctor)
    away(doctor, deputy)
    with pytest.raises(DeputyAway):
        away(third, doctor)
    with pytest.raises(AbsenceOverlaps):
        away(deputy, third)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (TODAY - timedelta(days=1), FRIDAY),
        (FRIDAY, TOMORROW),
        (TOMORROW, TOMORROW + timedelta(days=367)),
    ],
)
def test_the_days_must_make_sense(app: Flask, first: date, last: date) -> None:
    doctor = a_member_of_staff(Role.DOCTOR)
    with pytest.raises(Invalid):
        away(doctor, a_colleague(doctor), first, last)


def test_coming_back_early_takes_the_deputy_out_at_once(app: Flask, clock: FixedClock) -> None:
    patient = a_signed_resident()
    deputy = a_colleague(patient.doctor)
    absence = away(patient.doctor, deputy)
    clock.at = begins_at(TOMORROW) + timedelta(hours=8)
    assert sees(deputy, patient.resident_id)
    held = teams.absence(by(patient.doctor), absence.id, patient.doctor.id)
    teams.end_absence(by(patient.doctor), held)
    assert not sees(deputy, patient.resident_id)
    assert teams.answering(by_itself(), patient.doctor.id) == patient.doctor.id
    with pytest.raises(Conflict):
        teams.end_absence(by(patient.doctor), absence)


def test_who_does_not_go_after_all_leaves_no_trace_in_the_team(
    app: Flask, clock: FixedClock
) -> None:
    patient = a_signed_resident()
    deputy = a_colleague(patient.doctor)
    teams.end_absence(by(patient.doctor), away(patient.doctor, deputy))
    clock.at = begins_at(TOMORROW)
    assert not sees(deputy, patient.resident_id)


def test_a_manager_records_it_for_the_own_house_only(app: Flask) -> None:
    one, other = a_consortium()
    doctor = a_member_of_staff(Role.DOCTOR, institution=one.id)
    absence = away(doctor, a_colleague(doctor), by_whom=a_manager(one))
    with pytest.raises(Forbidden):
        away(doctor, a_colleague(doctor), by_whom=a_manager(other))
    with pytest.raises(Forbidden):
        away(doctor, a_colleague(doctor), by_whom=a_colleague(doctor))
    with pytest.raises(NotFound):
        teams.absence(by(a_manager(other)), absence.id, doctor.id)


def a_guest_stood_in_for() -> tuple[identity.Staff, Membership, Membership]:
    """The manager of a team's house; a guest's belonging to the team, and the guest's deputy's."""
    (house,), (home,) = a_consortium("本院"), a_consortium("外院")
    team, chief = a_team(house), a_manager(house)
    guest = a_member_of_staff(Role.DOCTOR, "客座医生", home.id)
    belongs = staffing.begin_membership(by(chief), guest, team.id, Belonging.TEAM)
    deputy = a_colleague(guest)
    away(guest, deputy, TODAY, FRIDAY)
    return chief, belongs, db.session.query(Membership).filter_by(staff_id=deputy.id).one()


@pytest.mark.parametrize("days", [0, 2])
def test_nobody_stands_in_for_a_guest_longer_than_the_guest_belongs(app: Flask, days: int) -> None:
    chief, belongs, stands_in = a_guest_stood_in_for()
    end = MORNING + timedelta(days)
    staffing.end_membership(by(chief), belongs, end)
    db.session.refresh(stands_in)
    assert stands_in.valid_until == end


def test_the_house_of_the_team_sends_a_deputy_away(app: Flask) -> None:
    chief, _, stands_in = a_guest_stood_in_for()
    held = staffing.hold_membership(by(chief), stands_in.staff_id, stands_in.id)
    staffing.end_membership(by(chief), held)
    assert stands_in.party_id not in by(deputy_of(stands_in)).actor.parties


def deputy_of(belongs: Membership) -> identity.Staff:
    found = db.session.get(identity.Staff, belongs.staff_id)
    assert found
    return found
