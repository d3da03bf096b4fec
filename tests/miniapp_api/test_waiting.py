"""Waiting lists over HTTP: join, place, leave, urgency, calls, and what closes them."""

from datetime import date
from typing import Any

from clinic_builders import a_roster
from contract_builders import a_centre, a_contract, a_team, lead_of
from family_builders import a_guardian, a_relative
from mandate_builders import document
from people import Http, a_member_of_staff, a_resident, by_itself
from waiting_builders import a_full_session, fills, gives_back, now_at, waits

from backend import clinics, identity
from backend.clinics import subject_service
from backend.kernel.context import Role, Scope
from backend.kernel.database import db
from backend.kernel.subjects import Cause


def test_one_tap_joins_and_one_tap_leaves(http: Http) -> None:
    session, _ = a_full_session()
    person, told = a_resident(), {"session_id": str(session.id)}
    key = {"headers": {"Idempotency-Key": "tap-0123456789"}}
    answers = [
        http("POST", "/resident/waiting", person, json=told, **options)
        for options in (key, key, {})
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json["id"] for answer in answers}) == 1
    place = answers[0].json
    assert (place["ahead"], place["state"], place["acts"]) == (0, "waiting", ["leave"])
    (listed,) = http("GET", "/resident/waiting?is_live=true", person).json["items"]
    assert listed["expert_name"] == "陆建明"
    left = http("POST", f"/resident/waiting/{place['id']}/leave", person).json
    assert (left["state"], left["ahead"]) == ("left", None)
    assert http("GET", "/resident/waiting?is_live=true", person).json["items"] == []
    assert len(http("GET", "/resident/waiting", person).json["items"]) == 1


def test_an_offer_is_confirmed_as_a_booking(http: Http) -> None:
    session, (holder,) = a_full_session()
    person = a_resident()
    path = f"/resident/waiting/{waits(session, person).id}"
    gives_back(holder)
    fills()
    place = http("GET", path, person).json
    assert place["state"] == "offered"
    assert place["offered_until"]
    booked = http("POST", f"/resident/bookings/{place['booking_id']}/confirmation", person)
    assert (booked.json["state"], booked.json["origin"]) == ("booked", "waiting_list")
    assert http("GET", path, person).json["state"] == "served"


def test_refusals_are_kind_and_say_what_helps(http: Http) -> None:
    session, (holder,) = a_full_session()
    wrong = http("POST", "/resident/waiting", a_resident(), json={"specialty": "心内科"})
    assert wrong.status_code == 422
    pointers = {fault["pointer"] for fault in wrong.json["errors"]}
    assert pointers == {"/institution_ids", "/until"}
    told = {"session_id": str(session.id)}
    both = http("POST", "/resident/waiting", a_resident(), json=told | {"until": "2026-12-01"})
    assert both.status_code == 422
    again = http("POST", "/resident/waiting", holder, json=told)
    assert (again.status_code, again.json["type"].endswith("already-booked")) == (409, True)


def test_any_session_of_a_specialty(http: Http) -> None:
    house = a_centre()
    a_roster(house)
    told = {
        "specialty": "心内科",
        "institution_ids": [str(house.id)],
        "until": "2026-12-20",
    }
    place = http("POST", "/resident/waiting", a_resident(), json=told)
    assert place.status_code == 201, place.json
    assert (place.json["session_id"], place.json["until"]) == (None, "2026-12-20")


def test_the_family_sees_what_it_may(http: Http) -> None:
    session, _ = a_full_session(roster=a_roster(specialty="精神心理科"))
    person = a_resident()
    son, other = a_relative(person, Scope.BOOK), a_relative(person, Scope.RESULTS)
    path = f"/resident/waiting/{waits(session, person).id}"
    assert http("GET", path, son, on_behalf_of=person).status_code == 404
    assert http("GET", "/resident/waiting", son, on_behalf_of=person).json["items"] == []
    assert http("POST", f"{path}/leave", son, on_behalf_of=person).status_code == 404
    assert http("GET", path, other, on_behalf_of=person).status_code == 403


def test_a_doctor_puts_a_resident_on_the_list(http: Http) -> None:
    session, _ = a_full_session()
    person, doctor = a_resident(), lead_of(team := a_team())
    a_contract(team, person)
    path = f"/doctor/residents/{person.id}/waiting"
    told: dict[str, Any] = {"session_id": str(session.id), "urgency": "urgent"}
    assert http("POST", path, doctor, json=told).status_code == 422
    made = http("POST", path, doctor, json=told | {"reason": "不稳定心绞痛待排"})
    assert (made.status_code, made.json["urgency"], made.json["way"]) == (201, "urgent", "doctor")
    assert "心绞痛" not in made.text
    (listed,) = http("GET", "/doctor/waiting", doctor).json["items"]
    assert listed["resident_id"] == str(person.id)
    changed = http(
        "POST", f"/doctor/waiting/{made.json['id']}/urgency", doctor, json={"urgency": "routine"}
    )
    assert changed.json["urgency"] == "routine"


def test_the_desk_puts_on_the_list_calls_and_writes_down(http: Http) -> None:
    house = a_centre()
    nurse = a_member_of_staff(Role.NURSE, "沈护士", house.id)
    session, (holder,) = a_full_session(roster=a_roster(house))
    person = a_resident("张奶奶", account=False)
    told = {"person": document(person) | {"original_seen": True}, "session_id": str(session.id)}
    made = http("POST", "/staff/desk/waiting", nurse, json=told)
    assert (made.status_code, made.json["reach"]) == (201, "phone")
    gives_back(holder)
    fills()
    (call,) = http("GET", "/staff/clinics/calls", nurse).json["items"]
    assert (call["name"], call["phone"]) == ("张奶奶", "13805720001")
    path = f"/staff/clinics/calls/{call['id']}/outcome"
    yes = {"outcome": "confirmed"}
    assert http("POST", path, nurse, json=yes).status_code == 409
    done = http("POST", path, nurse, json=yes | {"agreed_aloud": True})
    assert done.json["state"] == "served"
    assert http("POST", path, nurse, json=yes | {"agreed_aloud": True}).status_code == 409


def test_managers_see_how_many_wait(http: Http) -> None:
    house = a_centre()
    session, _ = a_full_session(roster=a_roster(house))
    waits(session)
    waits(session)
    manager = a_member_of_staff(Role.MANAGER, "钱主任", house.id)
    (shown,) = http("GET", "/manager/clinics/sessions", manager).json["items"]
    assert (shown["waiting"], shown["taken"]) == (2, 1)


def test_what_a_person_waits_for_is_told_ended_and_erased(app: object) -> None:
    session, (holder,) = a_full_session()
    other, _ = a_full_session()
    person = a_resident()
    offered, waiting = waits(session, person), waits(other, person)
    gives_back(holder)
    fills()
    records = subject_service.export(by_itself(), person.id)
    assert {row["id"] for row in records["waiting_entry"]} == {str(offered.id), str(waiting.id)}
    foreseen = [one.text for one in subject_service.foresee(by_itself(), person.id)]
    assert foreseen.count("心内科门诊的候补取消") == 2
    subject_service.close(by_itself(), person.id, Cause.WITHDRAWN)
    assert (now_at(offered).state, now_at(waiting).end_reason) == ("left", "closed")
    assert db.session.query(clinics.Booking).filter_by(ended_at=None).count() == 1
    subject_service.erase(by_itself(), person.id)
    left = db.session.query(clinics.WaitingEntry).filter_by(resident_id=person.id)
    assert left.count() == 0


def test_a_guardian_does_not_read_what_the_child_hid(http: Http) -> None:
    child: identity.Resident = a_resident("小宝", date(2014, 5, 6))
    guardian = a_guardian(child)
    session, _ = a_full_session(roster=a_roster(specialty="精神心理科"))
    path = f"/resident/waiting/{waits(session, child).id}"
    assert http("GET", path, guardian, on_behalf_of=child).status_code == 200
    hide = {"category": "mental", "is_hidden": True}
    http("PUT", "/resident/me/sensitive-categories", child, json=hide)
    assert http("GET", path, guardian, on_behalf_of=child).status_code == 404
