"""Clinics over HTTP: timetable, booking, lists, and who may what."""

from typing import Any

import pytest
from clinic_builders import a_roster, a_session, an_expert, at
from conftest import MORNING
from contract_builders import a_centre
from people import Http, a_member_of_staff, a_resident
from sqlalchemy import text

from backend import clinics, identity, network
from backend.kernel.context import Role
from backend.kernel.database import db

PLAN: dict[str, Any] = {
    "specialty": "心内科",
    "service": "outpatient",
    "room": "二楼3诊室",
    "weekday": 3,
    "begins": "09:00",
    "ends": "11:00",
    "capacity": 20,
    "starts_on": "2026-11-23",
}


def booking(http: Http, person: identity.Resident, session: clinics.ClinicSession) -> Any:
    answer = http("POST", "/resident/bookings", person, json={"session_id": str(session.id)})
    assert answer.status_code == 201, answer.json
    return answer.json


def a_manager(house: network.Institution) -> identity.Staff:
    return a_member_of_staff(Role.MANAGER, "钱主任", house.id)


def test_everybody_sees_the_timetable_and_the_seats_left(http: Http) -> None:
    house = a_centre(name="示例社区")
    session = a_session(a_roster(house))
    booking(http, a_resident(), session)
    answer = http("GET", f"/open/clinics/sessions?institution_id={house.id}&from=2026-11-23")
    (shown,) = answer.json["items"]
    assert (shown["free"], shown["capacity"], shown["standing"]) == (19, 20, "bookable")
    assert (shown["expert_name"], shown["institution_name"]) == ("陆建明", "示例社区")
    assert "taken_by" not in shown
    one = http("GET", f"/open/clinics/sessions/{session.id}").json
    assert [seat["is_free"] for seat in one["seats"]][:2] == [False, True]
    assert http("GET", "/open/clinics/sessions?to=2026-11-23").json["items"] == []


def test_booking_twice_with_one_key_books_once(http: Http) -> None:
    session, person = a_session(), a_resident()
    answers = [
        http(
            "POST",
            "/resident/bookings",
            person,
            json={"session_id": str(session.id)},
            headers={"Idempotency-Key": "tap-0123456789"},
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].data == answers[1].data
    assert len(http("GET", "/resident/bookings", person).json["items"]) == 1


def test_a_refusal_is_a_problem_with_its_code(http: Http) -> None:
    session, person = a_session(), a_resident()
    booking(http, person, session)
    answer = http("POST", "/resident/bookings", person, json={"session_id": str(session.id)})
    assert answer.status_code == 409
    assert answer.json["type"] == "urn:jiayi:problem:already-booked"


def test_a_resident_books_sees_cancels_and_books_again(http: Http) -> None:
    session, person = a_session(), a_resident()
    made = booking(http, person, session)
    assert (made["seat_number"], made["acts"]) == (1, ["cancel", "move"])
    path = f"/resident/bookings/{made['id']}"
    assert http("GET", path, person).json["expert_name"] == "陆建明"
    assert http("POST", f"{path}/cancellation", person).json["state"] == "cancelled"
    again = http("POST", f"{path}/cancellation", person)
    assert (again.status_code, again.json["type"]) == (409, "urn:jiayi:problem:illegal-move")
    booking(http, person, session)
    states = [row["state"] for row in http("GET", "/resident/bookings", person).json["items"]]
    assert sorted(states) == ["booked", "cancelled"]


def test_who_lost_a_seat_reads_why(http: Http) -> None:
    house, person = a_centre(), a_resident()
    session = a_session(a_roster(house))
    made = booking(http, person, session)
    assert made["reason"] is None
    path = f"/manager/clinics/sessions/{session.id}/cancellation"
    del session  # or the API would find the builder's object, without its names
    closed = http("POST", path, a_manager(house), json={"reason": "专家外出会诊"}).json
    assert (closed["state"], closed["acts"]) == ("cancelled", [])
    read = http("GET", f"/resident/bookings/{made['id']}", person).json
    assert (read["state"], read["reason"]) == ("withdrawn", "专家外出会诊")


def test_anothers_booking_does_not_exist(http: Http) -> None:
    made = booking(http, a_resident(), a_session())
    stranger, path = a_resident("李四"), f"/resident/bookings/{made['id']}"
    assert http("GET", path, stranger).status_code == 404
    assert http("POST", f"{path}/cancellation", stranger).status_code == 404
    assert http("GET", "/resident/bookings", stranger).json["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"session_id": "x"},
        {},
        {"session_id": "0190aaaa-0000-7000-8000-000000000000", "seat_number": 0},
        {
            "session_id": "0190aaaa-0000-7000-8000-000000000000",
            "seat_number": 1,
            "not_before": "2026-11-24T09:00:00+08:00",
        },
    ],
)
def test_a_malformed_wish_is_pointed_at(http: Http, body: dict[str, Any]) -> None:
    answer = http("POST", "/resident/bookings", a_resident(), json=body)
    assert answer.status_code == 422
    assert answer.json["errors"]


def test_the_expert_sees_who_is_coming_and_it_is_written_down(http: Http) -> None:
    expert, person = an_expert(), a_resident("韩大爷")
    session = a_session(a_roster(expert=expert))
    booking(http, person, session)
    assert http("GET", "/doctor/clinics/sessions", expert).json["items"][0]["free"] == 19
    path = f"/doctor/clinics/sessions/{session.id}/bookings"
    (line,) = http("GET", path, expert).json
    assert (line["name"], line["seat_number"]) == ("韩大爷", 1)
    shown = db.session.execute(
        text("SELECT count(*) FROM disclosure WHERE :id = ANY(resident_ids)"), {"id": person.id}
    )
    assert shown.scalar() == 1
    assert http("GET", path, an_expert("别的专家")).status_code == 404


def test_of_a_later_day_the_expert_sees_seats_and_nobody(http: Http) -> None:
    expert, person = an_expert(), a_resident("韩大爷")
    session = a_session(a_roster(expert=expert), starts_at=at(MORNING, days=3, hour=9))
    made = booking(http, person, session)
    answer = http("GET", f"/doctor/clinics/sessions/{session.id}/bookings", expert)
    (line,) = answer.json
    assert (line["seat_number"], line["state"]) == (1, "booked")
    assert {line[key] for key in ("name", "birth_date", "sex", "booking_id", "resident_id")} == {
        None
    }
    assert made["id"] not in answer.text
    assert db.session.execute(text("SELECT count(*) FROM disclosure")).scalar() == 0


def test_a_manager_arranges_generates_counts_and_cancels(http: Http) -> None:
    house, expert, person = a_centre(), an_expert(), a_resident()
    manager = a_manager(house)
    plan = PLAN | {"expert_id": str(expert.id)}
    made = http("POST", "/manager/clinics/rosters", manager, json=plan)
    assert (made.status_code, made.json["begins"], made.json["state"]) == (201, "09:00", "draft")
    drafts = {"roster_ids": [made.json["id"]]}
    told = http("POST", "/manager/clinics/rosters/conflicts", manager, json=drafts)
    assert told.json == {"can_be_published": True, "findings": []}
    published = http("POST", "/manager/clinics/rosters/publication", manager, json=drafts)
    assert published.json["rosters"][0]["words"] == "每周三"
    assert http("POST", "/manager/clinics/generation", manager).json == {"made": 3}
    rows = http("GET", "/manager/clinics/sessions", manager).json["items"]
    assert [row["taken"] for row in rows] == [0, 0, 0]
    seat = http("POST", "/resident/bookings", person, json={"session_id": rows[0]["id"]}).json
    path = f"/manager/clinics/sessions/{rows[0]['id']}/cancellation"
    assert http("POST", path, a_manager(a_centre()), json={"reason": "x"}).status_code == 404
    closed = http("POST", path, manager, json={"reason": "专家外出会诊"})
    assert (closed.json["state"], closed.json["taken"]) == ("cancelled", 0)
    assert http("GET", f"/resident/bookings/{seat['id']}", person).json["state"] == "withdrawn"
    end = f"/manager/clinics/rosters/{made.json['id']}/end"
    assert http("POST", end, manager, json={"ends_on": "2026-11-30"}).json["ends_on"]
    assert len(http("GET", "/manager/clinics/rosters", manager).json["items"]) == 1


def test_a_plan_that_cannot_be_held_is_refused(http: Http) -> None:
    plan = PLAN | {"expert_id": str(an_expert().id), "ends": "08:00"}
    answer = http("POST", "/manager/clinics/rosters", a_manager(a_centre()), json=plan)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/ends"]
