"""Two members of staff of one house, or nobody's record goes to another phone."""

from datetime import timedelta
from typing import Any

import pytest
from mandate_builders import a_desk
from people import Http, a_member_of_staff, by_itself
from simulators import Simulator
from sqlalchemy import select
from visitors import NAME, Visitor, kind

from backend import identity, messaging
from backend.identity.models import DeskRequest
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from jobs import relay


class Case:
    """A verified person, a thief with a phone, and a house with a nurse and a doctor."""

    def __init__(self, http: Http, wechat: Simulator) -> None:
        self.http = http
        self.her = Visitor(http, wechat).ready()
        self.her.verify()
        self.thief = Visitor(http, wechat, "thief", "13900000009")
        self.thief.agree()
        self.nurse, self.doctor = a_desk()

    def serve(self, path: str, **given: Any) -> Any:
        card = {"kind": "resident_card", "number": self.her.number}
        body = {"name": NAME, "document": card, "original_seen": True, **given}
        return self.http("POST", f"/staff/desk/{path}", self.nurse, json=body)

    def lose(self) -> Any:
        return self.serve("lost-phones")

    def rebind(self) -> Any:
        return self.serve("verifications", code=self.thief.desk_code())

    def confirm(self, answer: Any, who: identity.Staff | None = None) -> Any:
        path = f"/staff/desk/requests/{answer.json['waiting_id']}/witness"
        return self.http("POST", path, who or self.doctor)

    def waiting(self, who: identity.Staff) -> list[Any]:
        items: list[Any] = self.http("GET", "/staff/desk/requests", who).json["items"]
        return items


@pytest.fixture
def case(http: Http, wechat: Simulator) -> Case:
    return Case(http, wechat)


def told() -> set[tuple[str, Any]]:
    db.session.commit()
    relay.drain()
    rows = db.session.execute(select(messaging.Message)).scalars()
    return {(row.kind.value, row.to_account_id) for row in rows}


def test_one_member_of_staff_takes_nobody_over(case: Case) -> None:
    assert case.lose().status_code == 200
    assert case.her.ask("GET", "").json["level"] == "verified"
    assert case.rebind().status_code == 201
    assert case.thief.account.resident_id is None
    assert case.her.ask("GET", "").json["level"] == "verified"


def test_who_recorded_it_does_not_confirm_it_and_no_other_house_knows_of_it(case: Case) -> None:
    asked = case.lose()
    assert kind(case.confirm(asked, case.nurse)) == (403, "colleague-needed")
    elsewhere = a_member_of_staff(Role.NURSE)
    assert kind(case.confirm(asked, elsewhere)) == (404, "not-found")
    assert case.waiting(elsewhere) == []
    (item,) = case.waiting(case.doctor)
    assert (item["act"], item["person"]) == ("lost_phone", "王**")
    assert case.her.ask("GET", "").json["level"] == "verified"


def test_once_confirmed_every_account_is_free_and_the_old_phone_on_record(case: Case) -> None:
    before = db.session.get_one(identity.Resident, case.her.account.resident_id)
    asked = case.lose()
    assert case.confirm(asked).status_code == 200
    assert case.her.ask("GET", "").status_code == 401
    assert before.phone is None
    kept = db.session.get_one(DeskRequest, asked.json["waiting_id"])
    assert (kept.phone, kept.recorded_by, kept.witnessed_by) == (
        "13805721234",
        case.nurse.id,
        case.doctor.id,
    )
    assert kind(case.confirm(asked)) == (409, "request-over")
    assert case.waiting(case.doctor) == []


def test_a_phone_after_a_lost_one_needs_a_colleague_too(case: Case) -> None:
    case.confirm(case.lose())
    asked = case.rebind()
    assert case.thief.account.resident_id is None
    assert case.confirm(asked).status_code == 200
    assert case.thief.ask("GET", "").json["level"] == "verified"


def test_nothing_is_confirmed_after_a_day(case: Case, clock: FixedClock) -> None:
    asked = case.rebind()
    clock.at += timedelta(hours=24)
    assert kind(case.confirm(asked)) == (409, "request-over")
    assert case.thief.account.resident_id is None


def test_a_witness_gives_nobody_to_the_own_account(case: Case) -> None:
    asked = case.rebind()
    db.session.query(identity.Account).filter_by(staff_id=case.doctor.id).one().staff_id = None
    db.session.flush()
    case.thief.account.staff_id = case.doctor.id
    assert kind(case.confirm(asked)) == (403, "colleague-needed")


def test_the_phones_are_told_before_and_after(case: Case) -> None:
    hers = case.her.account.id
    asked = case.rebind()
    assert told() == {("desk_requested", hers)}
    case.confirm(asked)
    new = case.thief.account.id
    assert told() == {
        ("desk_requested", hers),
        ("account_added", hers),
        ("account_others", new),
    }


def test_an_account_that_is_free_is_told_on_the_old_phone(case: Case) -> None:
    case.confirm(case.lose())
    assert ("account_freed", case.her.account.id) in told()
    claimed = messaging.claim(by_itself(), "a-sender", 10)
    assert {one.openid for one in claimed} == {case.her.openid}


def test_both_looks_are_in_the_persons_log(case: Case) -> None:
    asked = case.rebind()
    case.confirm(asked)
    items = case.her.ask("GET", "/access-log").json["items"]
    assert [item["what"] for item in items[:2]] == [
        "办理了您的“见证窗口办理”",
        "办理了您的“窗口实名认证”",
    ]
