"""The centre's call list: whose house, one caller at a time, and every outcome honest."""

from datetime import timedelta
from typing import Any

import pytest
from cascade_builders import follow
from conftest import MORNING
from contract_builders import a_centre
from followup_builders import Patient, a_signed_resident
from ladder_builders import a_call, a_failed, chain, failed
from people import Http, a_member_of_staff, a_resident, by_itself

from backend import identity, messaging
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.disclosures import disclosure
from backend.kernel.relations import Kind, relate
from backend.messaging import CallItem, Channel, Message, Reason, State
from backend.privacy.models import DeathReport

pytestmark = pytest.mark.usefixtures("app")


class Desk:
    """A resident whom the house has to call, and a nurse of it."""

    def __init__(self, http: Http) -> None:
        self.http = http
        self.patient: Patient = a_signed_resident("韩大爷")
        self.house = self.patient.team.institution_id
        self.resident_id = self.patient.resident.id
        self.nurse_id = a_member_of_staff(Role.NURSE, "俞小满", self.house).id
        self.call_id = a_call(self.patient.resident).id

    @property
    def nurse(self) -> identity.Staff:
        return db.session.get_one(identity.Staff, self.nurse_id)

    @property
    def call(self) -> CallItem:
        return db.session.get_one(CallItem, self.call_id)

    @property
    def first(self) -> Message:
        return db.session.get_one(Message, self.call.message.first_id)

    def list(self, who: identity.Staff | None = None) -> list[Any]:
        found: list[Any] = self.http("GET", "/staff/calls", who or self.nurse).json["items"]
        return found

    def take(self, who: identity.Staff | None = None) -> Any:
        return self.http("POST", f"/staff/calls/{self.call_id}/taking", who or self.nurse)

    def record(self, outcome: str, answer: str | None = None) -> Any:
        told = {"outcome": outcome} | ({"answer": answer} if answer else {})
        return self.http("POST", f"/staff/calls/{self.call_id}/outcome", self.nurse, json=told)


@pytest.fixture
def desk(http: Http) -> Desk:
    return Desk(http)


def test_the_list_names_people_and_no_numbers(desk: Desk) -> None:
    (line,) = desk.list()
    assert (line["name"], line["tries"], line["is_taken"]) == ("韩大爷", 0, False)
    assert "phone" not in line
    shown = db.session.execute(db.select(disclosure).order_by(disclosure.c.id.desc())).first()
    assert shown is not None
    assert (shown.operation, shown.resident_ids) == ("staff.calls.calls", [desk.resident_id])


def test_another_house_sees_and_takes_none(desk: Desk) -> None:
    stranger = a_member_of_staff(Role.NURSE, "沈护士")
    assert desk.list(stranger) == []
    assert desk.take(stranger).status_code == 404


def test_one_at_a_time(desk: Desk) -> None:
    colleague_id = a_member_of_staff(Role.NURSE, "沈护士", desk.house).id
    assert desk.take().json["phone"] == "13805720001"
    colleague = db.session.get_one(identity.Staff, colleague_id)
    again = desk.take(colleague)
    assert (again.status_code, again.json["type"][18:]) == (409, "call-taken")
    assert desk.take().status_code == 200
    desk.call.taken_until = MORNING - timedelta(days=365)
    assert desk.take(db.session.get_one(identity.Staff, colleague_id)).status_code == 200
    assert desk.record("reached").json["type"][18:] == "call-not-taken"


def test_who_was_reached_is_told_no_further(desk: Desk) -> None:
    desk.take()
    assert desk.record("reached", "confirmed").json["outcome"] == "reached"
    assert (desk.call.message.state, desk.first.answer) == (State.SENT, "confirmed")
    assert desk.first.read_at == MORNING
    messaging.climb(by_itself())
    assert [one.channel for one in chain(desk.first)] == [Channel.SMS, Channel.CALL]
    assert desk.list() == []


def test_nobody_answered_is_tried_again_and_then_goes_on(desk: Desk, clock: FixedClock) -> None:
    for tried in (1, 2, 3):
        desk.take()
        assert desk.record("no_answer").json["tries"] == tried
        assert desk.list() == []
        clock.at += timedelta(hours=2)
    assert (desk.call.message.state, desk.call.message.reason) == (State.FAILED, Reason.NO_REPLY)
    messaging.climb(by_itself())
    assert chain(desk.first)[-1].channel is Channel.FAMILY


@pytest.mark.parametrize(
    ("outcome", "reason", "goes_on"),
    [
        ("wrong_number", Reason.WRONG_NUMBER, True),
        ("refused", Reason.REFUSED, False),
        ("moved", Reason.MOVED_AWAY, False),
    ],
)
def test_in_vain(desk: Desk, outcome: str, reason: Reason, goes_on: bool) -> None:
    desk.take()
    assert desk.record(outcome).status_code == 200
    assert (desk.call.message.state, desk.call.message.reason) == (State.FAILED, reason)
    messaging.climb(by_itself())
    assert (chain(desk.first)[-1].channel is Channel.FAMILY) is goes_on
    dead = db.session.query(messaging.PhoneStanding).filter_by(dead_at=MORNING).count()
    assert dead == (outcome == "wrong_number")


def test_who_died_is_reported_for_a_second_hand(desk: Desk) -> None:
    desk.take()
    assert desk.record("died").status_code == 200
    follow()
    report = db.session.query(DeathReport).filter_by(resident_id=desk.resident_id).one()
    assert (report.reported_by, report.state) == (desk.nurse_id, "reported")
    messaging.climb(by_itself())
    assert chain(desk.first)[-1].channel is Channel.CALL


def test_what_was_answered_meanwhile_is_not_called_about(desk: Desk) -> None:
    desk.take()
    messaging.withdraw(by_itself(), desk.first.subject_id)
    assert desk.list() == []
    assert desk.record("reached").status_code == 404


def test_of_who_signed_nowhere_the_house_of_the_matter_calls() -> None:
    person, house = a_resident(), a_centre()
    expert = a_member_of_staff(Role.SPECIALIST, "陆建明", house.id)
    message = a_failed(person)
    relate(by_itself(), person.id, expert.id, Kind.BOOKED, source_id=message.subject_id)
    person.phone_sealed = None
    for _ in range(3):
        messaging.climb(by_itself())
        failed(chain(message)[-1], Reason.NOT_DELIVERED)
    called = (
        db.session.query(CallItem).join(CallItem.message).filter(Message.first_id == message.id)
    )
    assert called.one().institution_id == expert.institution_id


def test_a_call_that_waits_says_nothing_of_the_senders(clock: FixedClock) -> None:
    a_call(a_signed_resident().resident)
    db.session.query(Message).filter_by(state=State.QUEUED, channel=Channel.WECHAT).delete()
    clock.at += timedelta(hours=2)
    assert messaging.gauges.oldest_due_s(by_itself()) == 0
