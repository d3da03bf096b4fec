"""A death stops everything within one tick; a mistake is undone, and stays on record."""

from datetime import timedelta

import pytest
from clinic_builders import a_roster, a_session
from conftest import MORNING
from contract_builders import lead_of
from flask import Flask
from people import Http, a_member_of_staff, a_resident, by, by_itself, token_of
from privacy_builders import OVER, Life

from backend import clinics, followups, identity, messaging, privacy, teams
from backend.followups import Obstacle, Way
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.messaging import MessageKind, To
from jobs import relay

TOLD = {"died_on": "2026-11-20", "proof": "家属出示死亡医学证明"}


def report(http: Http, life: Life, **more: str):
    return http(
        "POST", f"/doctor/residents/{life.resident_id}/death", life.doctor, json=TOLD | more
    )


def confirm(http: Http, report_id: str, person: identity.Staff):
    return http("POST", f"/staff/deaths/{report_id}/confirmation", person)


def a_colleague(life: Life, role: Role = Role.NURSE) -> identity.Staff:
    return a_member_of_staff(role, "同事", life.house_id)


def died(http: Http, life: Life) -> str:
    """Reported by one, confirmed by another; returns the report's id."""
    news = report(http, life)
    assert news.status_code == 201
    assert confirm(http, news.json["id"], a_colleague(life)).status_code == 200
    return news.json["id"]


def over(life: Life) -> dict:
    return life.states | {"prescription": "withdrawn"}


def test_everything_stops_within_one_tick(http: Http) -> None:
    life = Life()
    token = token_of(life.resident)
    died(http, life)
    relay.drain()
    assert over(life) == OVER
    assert life.contract.end_reason == "died"
    answer = http("GET", "/resident/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    closed = http("GET", "/resident/bookings", life.resident)
    assert (closed.status_code, closed.json["type"][18:]) == (403, "person-closed")


def test_nothing_is_ever_sent_to_the_dead(http: Http) -> None:
    life = Life()
    died(http, life)
    life.told("after")
    relay.drain()
    assert {row.state for row in messaging.planned_for(life.resident_id)} == {"withdrawn"}


def test_what_a_sender_finds_is_dropped(app: Flask) -> None:
    life = Life()
    identity.die(by_itself(), life.resident_id, by_itself().today)  # no reaction has run yet
    db.session.flush()
    ctx = by_itself()
    assert [one for one in messaging.claim(ctx, "sender", 10) if one] == []
    (message,) = messaging.planned_for(life.resident_id)
    db.session.refresh(message)
    assert (message.state, message.reason) == ("withdrawn", "unwelcome")


def test_who_wants_no_reminders_gets_the_notices_all_the_same(app: Flask) -> None:
    life = Life()
    agreed = db.session.query(identity.Consent).filter_by(
        resident_id=life.resident_id, purpose=identity.Purpose.REMINDERS
    )
    agreed.update({"withdrawn_at": MORNING})
    values = {"date": messaging.as_date(by_itself().today)}
    to = To.resident(life.resident_id)
    messaging.queue(by_itself(), MessageKind.RUN_OUT, to, life.prescription_id, "r", values)
    messaging.claim(by_itself(), "sender", 10)
    messaging.claim(by_itself(), "sender", 10)
    states = {row.kind: row.state for row in messaging.planned_for(life.resident_id)}
    for row in messaging.planned_for(life.resident_id):
        db.session.refresh(row)
        states[row.kind] = row.state
    assert states == {"prescription_ready": "sending", "run_out": "withdrawn"}


def test_of_a_follow_up_that_learns_of_it_the_lead_or_a_manager_is_asked(http: Http) -> None:
    life = Life()
    followups.miss(by(life.doctor), life.visit, Obstacle.DIED, Way.PHONE)
    relay.drain()
    relay.drain()
    (news,) = db.session.query(privacy.DeathReport).filter_by(resident_id=life.resident_id)
    assert (news.source, news.reported_by) == ("follow_up", life.doctor.id)
    assert life.contract.state == "active"
    report_id, lead = str(news.id), life.contract.team_id
    assert confirm(http, report_id, a_colleague(life)).status_code == 403
    team = db.session.get_one(teams.Team, lead)
    assert confirm(http, report_id, lead_of(team)).status_code == 200
    relay.drain()
    assert over(life) == OVER | {"follow-up": "missed"}
    assert life.contract.end_reason == "died"


def test_a_mistake_is_undone_and_stays_on_record(http: Http) -> None:
    life = Life()
    report_id = died(http, life)
    relay.drain()
    manager = a_member_of_staff(Role.MANAGER, "管理员", life.house_id)
    path = f"/manager/deaths/{report_id}/undoing"
    answer = http("POST", path, manager, json={"because": "同名同姓，登错了人"})
    assert (answer.status_code, answer.json["state"]) == (200, "undone")
    assert over(life) == OVER  # what was ended stays ended
    assert http("GET", "/resident/bookings", life.resident).status_code == 200
    assert http("POST", path, manager, json={"because": "再来一次"}).status_code == 409
    assert report(http, life).status_code == 404  # the contract is over: no longer her doctor


@pytest.mark.parametrize(
    ("died_on", "status"), [("2026-11-24", 422), ("1900-01-01", 422), ("2026-11-23", 201)]
)
def test_the_day_lies_within_the_life(http: Http, died_on: str, status: int) -> None:
    assert report(http, Life(), died_on=died_on).status_code == status


def test_who_does_not_know_the_person_reports_nothing(http: Http) -> None:
    life, stranger = Life(), a_member_of_staff(Role.DOCTOR, "别队医生")
    path = f"/doctor/residents/{life.resident_id}/death"
    assert http("POST", path, stranger, json=TOLD).status_code == 404


def test_the_dead_are_booked_for_by_nobody(app: Flask) -> None:
    life = Life()
    own = by(life.resident)
    identity.die(by_itself(), life.resident_id, by_itself().today)
    db.session.flush()
    with pytest.raises(Exception, match="is closed"), db.session.begin_nested():
        clinics.book(own, a_later_session(life))


def a_later_session(life: Life):
    return a_session(a_roster(), starts_at=MORNING + timedelta(3)).id


def test_another_person_is_untouched(http: Http) -> None:
    life, other = Life(), a_resident("陈新")
    died(http, life)
    relay.drain()
    assert http("GET", "/resident/bookings", other).status_code == 200
