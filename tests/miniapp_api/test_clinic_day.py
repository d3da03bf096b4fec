"""The day over HTTP: codes, the line with its ETag, the screen without names, strikes."""

from typing import Any
from uuid import UUID

import pytest
from conftest import FixedClock
from day_builders import Day, claim_of
from people import Http, a_member_of_staff, a_resident, by
from sqlalchemy import text

from backend import clinics, identity
from backend.clinics.attendance_rules import attendance_of
from backend.kernel import entry
from backend.kernel.context import Role
from backend.kernel.database import db
from jobs import clinics as jobs


@pytest.fixture
def day(http: Http, clock: FixedClock) -> Day:
    return Day(clock)


def document(person: identity.Resident) -> dict[str, Any]:
    card = {"kind": "resident_card", "number": claim_of(person).number}
    return {"name": person.name, "document": card}


def disclosed(person_id: UUID) -> list[str]:
    found = text("SELECT operation FROM disclosure WHERE :id = ANY (resident_ids) ORDER BY id")
    return list(db.session.execute(found, {"id": person_id}).scalars())


def test_from_the_code_on_the_door_to_being_seen(http: Http, day: Day) -> None:
    person = a_resident()
    booked = day.booked(person).id
    queue = f"/resident/bookings/{booked}/queue"
    day.go(0)
    assert "扫门口的签到码" in http("GET", queue, person).json["words"]
    there = http("POST", "/resident/check-ins", person, json={"code": day.code()})
    assert (there.status_code, there.json["state"]) == (200, "arrived")
    assert there.json["acts"] == []
    run = f"/staff/clinics/sessions/{day.session.id}"
    assert http("POST", f"{run}/beginning", day.expert).json["began_at"]
    assert "下一位就是您" in http("GET", queue, person).json["words"]
    called = http("POST", f"{run}/calls", day.expert, json={})
    assert (called.status_code, called.json["booking_id"]) == (201, str(booked))
    assert http("GET", queue, person).json["words"] == f"轮到您了，请到{day.session.room}。"
    seen = http("POST", f"/staff/clinics/bookings/{booked}/visit", day.expert)
    assert seen.json["state"] == "seen"
    assert http("GET", queue, person).json["words"].startswith("您已就诊")


def test_a_refusal_says_what_to_do(http: Http, day: Day) -> None:
    answer = http("POST", "/resident/check-ins", a_resident(), json={"code": day.code(-3)})
    assert answer.status_code == 409
    assert answer.json["type"] == "urn:jiayi:problem:check-in-code-over"
    assert "窗口" in answer.json["detail"]


def test_the_line_that_has_not_moved_costs_no_bytes(http: Http, day: Day) -> None:
    person = a_resident()
    path = f"/resident/bookings/{day.booked(person).id}/queue"
    first = http("GET", path, person)
    again = http("GET", path, person, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "private, no-cache"
    day.go(0)
    http("POST", "/resident/check-ins", person, json={"code": day.code()})
    moved = http("GET", path, person, headers={"If-None-Match": first.headers["ETag"]})
    assert moved.status_code == 200


def test_the_screen_shows_numbers_and_nobody(http: Http, day: Day) -> None:
    person = a_resident("欧阳小红")
    booked = day.booked(person).id
    day.go(0)
    http("POST", "/resident/check-ins", person, json={"code": day.code()})
    path = f"/open/clinics/sessions/{day.session.id}/board"
    board = http("GET", path)
    assert (board.json["waiting"], board.json["called"]) == ([1], [])
    for word in (person.name, str(person.id), str(booked)):
        assert word not in board.text
    again = http("GET", path, headers={"If-None-Match": board.headers["ETag"]})
    assert again.status_code == 304
    assert disclosed(person.id) == []


def test_the_list_of_the_day_is_written_down_and_short(http: Http, day: Day) -> None:
    person = a_resident("欧阳小红")
    day.booked(person)
    path = f"/staff/clinics/sessions/{day.session.id}/queue"
    answer = http("GET", path, day.nurse)
    assert [line["short_name"] for line in answer.json] == ["欧***"]
    assert "小红" not in answer.text
    assert disclosed(person.id) == ["staff.clinic_day.queue"]
    sessions = http("GET", "/staff/clinics/sessions", day.nurse).json
    assert [one["id"] for one in sessions] == [str(day.session.id)]


@pytest.mark.parametrize(("form", "kind"), [("svg", "image/svg+xml"), ("png", "image/png")])
def test_the_codes_are_drawn(http: Http, day: Day, form: str, kind: str) -> None:
    for path in ("check-in-code", f"sessions/{day.session.id}/check-in-code"):
        answer = http("GET", f"/staff/clinics/{path}?form={form}", day.nurse)
        assert (answer.status_code, answer.mimetype) == (200, kind)
        assert answer.headers["Cache-Control"] == "no-store"
    wrong = http("GET", "/staff/clinics/check-in-code?form=pdf", day.nurse)
    assert wrong.status_code == 422


def test_a_card_from_the_desk_to_the_day(http: Http, day: Day) -> None:
    person = a_resident("欧阳小红", account=False)
    seen = document(person) | {"original_seen": True}
    clinics.book_at_desk(by(day.nurse), claim_of(person), day.session.id)
    card = http("POST", "/staff/desk/cards", day.nurse, json=seen)
    assert (card.status_code, card.json["short_name"]) == (201, "欧***")
    code = card.json["code"]
    printed = http("POST", "/staff/desk/cards/printing", day.nurse, json={"card": code})
    assert (printed.mimetype, printed.data[:4]) == ("application/pdf", b"%PDF")
    drawn = {"card": code, "form": "svg"}
    assert b"<svg" in http("POST", "/staff/desk/cards/printing", day.nurse, json=drawn).data
    day.go(0)
    there = http("POST", "/staff/desk/card-check-ins", day.nurse, json={"card": code})
    assert (there.status_code, there.json["state"]) == (200, "arrived")
    assert http("POST", "/staff/desk/cards/revocation", day.nurse, json=seen).status_code == 200
    over = http("POST", "/staff/desk/card-check-ins", day.nurse, json={"card": code})
    assert over.json["type"] == "urn:jiayi:problem:card-unknown"
    assert disclosed(person.id).count("staff.check_ins.printing") == 2


def test_a_strike_is_read_explained_and_answered(http: Http, day: Day) -> None:
    person = a_resident()
    day.booked(person)
    day.go(0)
    http("POST", f"/staff/clinics/sessions/{day.session.id}/beginning", day.expert)
    day.clock.at = day.end + attendance_of(entry.now().region).settle
    assert jobs.settle() == 1
    shown = http("GET", "/resident/strikes", person).json
    (strike,) = shown["items"]
    assert (shown["counting"], shown["rests_until"], strike["can_appeal"]) == (1, None, True)
    assert "窗口" in shown["how"]
    path = f"/resident/strikes/{strike['id']}/appeal"
    told = http("POST", path, person, json={"because": "那天急诊"})
    assert (told.json["state"], told.json["can_appeal"]) == ("appealed", False)
    chief = a_member_of_staff(Role.MANAGER, "钱主任", day.house.id)
    (waiting,) = http("GET", "/staff/strikes", chief).json["items"]
    assert (waiting["because"], waiting["short_name"]) == ("那天急诊", "王**")
    decision = f"/staff/strikes/{strike['id']}/decision"
    body = {"is_lifted": True, "answer": "已核实，不再计入"}
    assert http("POST", decision, chief, json=body).json["state"] == "lifted"
    after = http("GET", "/resident/strikes", person).json
    assert (after["counting"], after["items"][0]["answer"]) == (0, "已核实，不再计入")


def test_the_manager_counts_who_came(http: Http, day: Day) -> None:
    day.booked()
    chief = a_member_of_staff(Role.MANAGER, "钱主任", day.house.id)
    path = f"/manager/clinics/sessions/{day.session.id}/attendance"
    assert http("GET", path, chief).json == {
        "booked": 1,
        "arrived": 0,
        "seen": 0,
        "missed": 0,
        "unrecorded": 0,
    }
