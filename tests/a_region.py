"""Somebody of each audience with something to see and to do, for tests that try every operation."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from audit_builders import an_emergency
from clinic_builders import a_feed, a_roster, a_session, a_strike, an_exception
from contract_builders import a_contract, an_application
from ladder_builders import a_call
from lottery_builders import an_open_draw
from mandate_builders import a_mandate
from outreach_builders import a_list
from people import a_member_of_staff, a_resident, by, by_itself, headers_of
from prescription_builders import Surgery
from sms_simulators import CALLBACK_SECRET
from sqlalchemy import text
from staffing_builders import a_post, stepped_up
from trial_builders import a_waiting_trial
from waiting_builders import a_full_session, waits

from backend import clinics, followups, identity, privacy, staffing, teams
from backend.identity.models import DeskRequest
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.relations import Belonging


@dataclass(frozen=True)
class Region:
    """What people of each audience send along, and the ids that paths may name."""

    headers: dict[str, list[dict[str, str]]]
    ids: dict[str, list[Any]]


def a_region() -> Region:
    """One house at work: a team with a patient, an applicant, a clinic, a prescription."""
    surgery = Surgery()
    doctor, resident = by(surgery.doctor), surgery.resident
    a_contract(surgery.team, resident)
    followup = followups.enrol(doctor, resident, by_itself().today - timedelta(days=400))
    asked = surgery.requested()
    applicant = a_resident("陈新")
    application = an_application(surgery.team, applicant)
    roster = a_roster(surgery.centre)
    session, other = a_session(roster), a_session(a_roster(surgery.centre))
    booking = clinics.book(by(resident), session.id)
    draw = an_open_draw(a_roster(surgery.centre))
    entry = clinics.join_draw(by(resident), draw.session_id, wants_waiting=True)
    strike = a_strike(doctor, booking.id)
    lost = clinics.book(
        by(resident), a_session(roster, starts_at=session.starts_at + timedelta(days=1)).id
    )
    expert = db.session.get_one(identity.Staff, roster.expert_id)
    mandate = a_mandate(resident)
    manager = a_member_of_staff(Role.MANAGER, "管理员", surgery.centre.id)
    displaced = _displaced(manager, lost)
    auditor = a_member_of_staff(Role.AUDITOR, "审计员", surgery.centre.id)
    export = privacy.ask_export(by(resident))
    correction = privacy.ask_correction(
        by(resident), privacy.Subject.COMMUNITY, "海岛社区", "搬到隔壁小区了"
    )
    departed = a_resident("李福生")
    a_contract(surgery.team, departed)
    dead = privacy.report_death(doctor, departed, by_itself().today, "家属电话告知")
    staff = [surgery.doctor, surgery.pharmacist, expert]
    opened = an_emergency(surgery.doctor, applicant)
    nurse = a_member_of_staff(Role.NURSE, "俞小满", surgery.centre.id)
    here = stepped_up(manager)
    belongs = staffing.begin_membership(here, nurse, surgery.team.id, Belonging.TEAM)
    invited = staffing.invite(here, a_post(surgery.centre))
    call = a_call(resident)
    deputy = a_member_of_staff(Role.NURSE, "沈护士", surgery.centre.id)
    day = by_itself().today
    absence = teams.be_absent(here, nurse, deputy.id, day, day)
    claim = identity.Claim(resident.name, resident.id_number or "")
    identity.report_lost_phone(by(deputy), claim)
    waiting = db.session.query(DeskRequest).one()
    account = db.session.query(identity.Account).filter_by(resident_id=resident.id).one()
    return Region(
        headers={
            "resident": [headers_of(resident), headers_of(applicant)],
            "doctor": [headers_of(person) for person in staff],
            "manager": [headers_of(manager)],
            "staff": [headers_of(surgery.doctor), headers_of(manager)],
            "auditor": [headers_of(auditor)],
        },
        ids={
            "access_id": [opened.id],
            "absence_id": [absence.id],
            "account_id": [account.id],
            "booking_id": [booking.id],
            "call_id": [call.id],
            "message_id": [call.message.first_id],
            "correction_id": [correction.id],
            "displacement_id": [displaced.id],
            "lost_id": [lost.id],
            "exception_id": [an_exception(roster).id],
            "entry_id": [entry.id],
            "export_id": [export.id],
            "purpose": list(identity.Purpose),
            "report_id": [dead.id],
            "request_id": [waiting.id],
            "category": ["mental"],
            "contract_id": [application.id],
            "list_id": [a_list(surgery.team, resident).id],
            "mandate_id": [mandate.id],
            "followup_id": [followup.id],
            "invitation_id": [invited.invitation.id],
            "membership_id": [belongs.id],
            "prescription_id": [asked.id],
            "resident_id": [resident.id],
            "roster_id": [roster.id],
            "secret": [CALLBACK_SECRET],
            "session_id": [other.id, session.id, draw.session_id],
            "staff_id": [nurse.id],
            "strike_id": [strike.id],
            "token": [a_feed(surgery.centre)],
            "team_id": [surgery.team.id],
            "trial_id": [a_waiting_trial().id],
            "waiting_id": [waits(a_full_session()[0], resident).id],
        },
    )


def _displaced(manager: identity.Staff, lost: clinics.Appointment) -> clinics.cascade.Displacement:
    """The resident had a seat of a session that is not held."""
    ctx = by(manager)
    # Two acts that would each have a commit of its own: the seat is counted before the other one.
    db.session.execute(text("SET CONSTRAINTS booking_counted IMMEDIATE"))
    clinics.cancel_session(ctx, clinics.session_of_house(ctx, lost.session_id), "专家外出会诊")
    # What was local to the manager's transaction is still there in the test's own.
    db.session.execute(text("SELECT set_config('jiayi.houses', '', true)"))
    return db.session.query(clinics.cascade.Displacement).filter_by(booking_id=lost.id).one()
