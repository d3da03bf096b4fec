"""Nobody is declared dead by one hand, nor by another house; who lives says so in one call."""

from datetime import timedelta

import pytest
from contract_builders import a_centre, a_team
from people import Http, a_member_of_staff, an_account, by_itself
from privacy_builders import UNDER_WAY, Life
from staffing_builders import a_manager

from backend import identity, messaging, network
from backend.kernel import entry
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.messaging import MessageKind, To
from jobs import relay

TOLD = {"died_on": "2026-11-20", "proof": "家属来电"}


def reported(http: Http, life: Life, by_whom: identity.Staff | None = None) -> str:
    path = f"/doctor/residents/{life.resident_id}/death"
    answer = http("POST", path, by_whom or life.doctor, json=TOLD)
    assert answer.status_code == 201
    return str(answer.json["id"])


def confirmed(http: Http, report_id: str, person: identity.Staff) -> int:
    status: int = http("POST", f"/staff/deaths/{report_id}/confirmation", person).status_code
    return status


def a_colleague(life: Life, role: Role = Role.NURSE) -> identity.Staff:
    return a_member_of_staff(role, "同事", life.house_id)


def manager_of(life: Life) -> identity.Staff:
    return a_manager(db.session.get_one(network.Institution, life.house_id))


def test_one_hand_ends_nothing(http: Http) -> None:
    life = Life()
    report_id = reported(http, life)
    assert confirmed(http, report_id, life.doctor) == 403
    relay.drain()
    assert life.states | {"waiting": 1} == UNDER_WAY
    assert http("GET", "/resident/bookings", life.resident).status_code == 200


def test_a_colleague_reads_of_whom_and_confirms(http: Http) -> None:
    life = Life()
    report_id, colleague = reported(http, life), a_colleague(life)
    (item,) = http("GET", "/staff/deaths", colleague).json["items"]
    assert (item["name"], item["report"]["id"]) == (life.name, report_id)
    assert confirmed(http, report_id, colleague) == 200
    assert http("GET", "/staff/deaths", colleague).json["items"] == []
    assert confirmed(http, report_id, a_colleague(life)) == 409


def test_after_a_day_it_lapses_and_may_be_reported_anew(http: Http, clock: FixedClock) -> None:
    life = Life()
    report_id, colleague = reported(http, life), a_colleague(life)
    clock.at += timedelta(hours=24)
    assert http("GET", "/staff/deaths", colleague).json["items"] == []
    assert confirmed(http, report_id, colleague) == 409
    assert confirmed(http, reported(http, life), colleague) == 200


def test_a_guest_of_another_house_reports_to_the_patients_own(http: Http) -> None:
    own, elsewhere = a_centre(), a_centre()
    manager, stranger = a_manager(own), a_manager(elsewhere)
    life = Life()
    team = a_team(own)
    contract = life.contract
    contract.institution_id, contract.team_id = own.id, team.id
    report_id = reported(http, life)
    assert confirmed(http, report_id, a_colleague(life)) == 404
    assert confirmed(http, report_id, stranger) == 404
    shown = [one["id"] for one in http("GET", "/manager/deaths", manager).json["items"]]
    assert shown == [report_id]
    assert http("GET", "/manager/deaths", stranger).json["items"] == []
    undoing = f"/manager/deaths/{report_id}/undoing"
    assert http("POST", undoing, manager, json={"because": "误登"}).status_code == 200


def test_who_lives_is_told_neutrally_and_objects_in_one_call(http: Http) -> None:
    life = Life()
    an_account(resident_id=life.resident_id, bound_at=entry.moment())
    report_id = reported(http, life)
    relay.drain()
    told = [row for row in messaging.planned_for(life.resident_id) if row.kind == "death_reported"]
    assert len(told) == 2
    assert not any("死" in str(row.content) for row in told)
    objection = "/resident/me/death-report/objection"
    assert http("POST", objection, life.resident).status_code == 204
    assert http("POST", objection, life.resident).status_code == 404
    assert confirmed(http, report_id, a_colleague(life)) == 409
    (item,) = http("GET", "/manager/deaths", manager_of(life)).json["items"]
    assert (item["state"], item["objected_at"] is not None) == ("undone", True)


def test_an_objection_to_what_took_effect_is_for_the_manager_to_judge(http: Http) -> None:
    life = Life()
    report_id = reported(http, life)
    confirmed(http, report_id, a_colleague(life))
    objection = "/resident/me/death-report/objection"
    assert http("POST", objection, life.resident).status_code == 204
    assert http("GET", "/resident/bookings", life.resident).status_code == 403
    manager = manager_of(life)
    (item,) = http("GET", "/manager/deaths", manager).json["items"]
    assert (item["state"], item["objected_at"] is not None) == ("confirmed", True)
    undoing = f"/manager/deaths/{report_id}/undoing"
    assert http("POST", undoing, manager, json={"because": "本人到场"}).status_code == 200
    assert http("GET", "/resident/bookings", life.resident).status_code == 200


def test_reminders_wait_until_it_is_known(http: Http) -> None:
    life = Life()
    messaging.withdraw(by_itself(), life.contract_id, MessageKind.PRESCRIPTION_READY)
    values = {"time": messaging.as_time(by_itself().at), "place": "中心"}
    to = To.resident(life.resident_id)
    messaging.queue(by_itself(), MessageKind.VISIT_NEAR, to, life.prescription_id, "r", values)
    report_id = reported(http, life)
    assert messaging.claim(by_itself(), "sender", 10) == []
    undoing = f"/manager/deaths/{report_id}/undoing"
    assert http("POST", undoing, manager_of(life), json={"because": "误登"}).status_code == 200
    assert len(messaging.claim(by_itself(), "sender", 10)) == 1


def test_other_notices_go_meanwhile(http: Http) -> None:
    life = Life()
    reported(http, life)
    assert len(messaging.claim(by_itself(), "sender", 10)) == 1


@pytest.mark.parametrize(
    "route",
    [
        "GET /resident/me",
        "POST /resident/me/exports",
        "GET /resident/me/exports",
        "GET /resident/me/deletion/consequences",
        "GET /resident/me/access-log",
        "GET /resident/me/people",
        "GET /resident/me/corrections",
    ],
)
def test_who_holds_a_dead_persons_phone_takes_and_erases_nothing(http: Http, route: str) -> None:
    life = Life()
    confirmed(http, reported(http, life), a_colleague(life))
    answer = http(*route.split(), life.resident)
    assert (answer.status_code, answer.json["type"][18:]) == (403, "person-closed")
    assert http("DELETE", "/resident/me/sessions/current", life.resident).status_code == 204
