"""Which reply is an answer, and which a person has to read: never the wrong one's seat."""

from datetime import timedelta

import pytest
from conftest import MORNING
from flask import Flask
from followup_builders import a_signed_resident
from people import Http, a_member_of_staff
from sms_builders import PHONE, a_sent_text, applied, reply, somebody

from backend import messaging
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.messaging import Message, MessageKind, SmsDispatch, State
from backend.messaging.models import Answer
from backend.messaging.sms_models import HeardState, SmsHeard

pytestmark = pytest.mark.usefixtures("app")


def first(text: Message) -> Message:
    return db.session.get_one(Message, text.first_id)


def sent(text: Message, hours_ago: float) -> Message:
    found = db.select(SmsDispatch).filter_by(message_id=text.id)
    db.session.execute(found).scalar_one().at = MORNING - timedelta(hours=hours_ago)
    db.session.flush()
    return text


def kept() -> SmsHeard:
    return db.session.execute(db.select(SmsHeard)).scalar_one()


class House:
    """A resident who signed at a house, a nurse there, and what is on its list."""

    def __init__(self, http: Http) -> None:
        patient = a_signed_resident("韩大爷")
        patient.resident.phone = PHONE
        db.session.flush()
        self.http, self.resident = http, patient.resident
        self.nurse = a_member_of_staff(Role.NURSE, "俞小满", patient.team.institution_id)

    def list(self) -> list[tuple[str, str]]:
        found = self.http("GET", "/staff/calls", self.nurse).json["items"]
        return [(one["kind"], one["reply"]) for one in found]


@pytest.fixture
def house(http: Http) -> House:
    return House(http)


def test_an_answer_is_of_the_only_text_that_asks_for_one() -> None:
    asking = sent(a_sent_text(State.UNKNOWN, serial=None), 2)
    a_sent_text(serial="s-3", kind=MessageKind.RUN_OUT, to=somebody(name="韩奶奶"))
    reply("1")
    applied()
    assert (kept().answer, kept().message_id) == (Answer.CONFIRMED, asking.id)
    assert asking.state is State.SENT  # who answers has read it


@pytest.mark.parametrize("words", ["1", "2"])
def test_of_two_that_ask_neither_is_answered_and_a_person_hears_of_it(
    house: House, words: str
) -> None:
    grandpa = sent(a_sent_text(to=house.resident), 1)
    grandma = sent(a_sent_text(to=somebody(name="韩奶奶"), serial="s-2"), 2)
    reply(words)
    applied()
    assert (first(grandpa).answer, first(grandma).answer) == (None, None)
    assert house.list() == [("sms_reply", words)]


def test_who_changes_their_mind_still_has_the_same_text() -> None:
    text = a_sent_text()
    for words in ("1", "2"):
        reply(words)
        applied()
    assert first(text).answer is Answer.CANNOT_COME


def test_a_late_reply_is_about_the_text_that_was_there_when_it_was_written() -> None:
    person = somebody()
    older = sent(a_sent_text(to=person), 2)
    newer = a_sent_text(to=person, serial="s-2")
    reply("2", at=MORNING - timedelta(hours=1))
    applied()
    assert (first(older).answer, first(newer).answer) == (Answer.CANNOT_COME, None)


@pytest.mark.parametrize("words", ["我头晕得厉害", "N", "R"])
def test_what_only_a_person_understands_is_on_the_list_of_the_house_until_somebody_calls(
    house: House, words: str
) -> None:
    a_sent_text(to=house.resident)
    reply(words)
    applied()
    assert house.list() == [("sms_reply", words)]
    assert messaging.replies_unread() == 1
    told = db.select(Message).filter_by(to_staff_id=house.nurse.id, kind="call_to_make")
    assert db.session.execute(told).scalar_one().state is State.QUEUED
    call = db.session.execute(db.select(messaging.CallItem)).scalar_one()
    house.http("POST", f"/staff/calls/{call.id}/taking", house.nurse)
    made = {"outcome": "reached"}
    assert house.http("POST", f"/staff/calls/{call.id}/outcome", house.nurse, json=made).json
    assert (house.list(), messaging.replies_unread()) == ([], 0)


def test_an_answer_that_comes_too_late_or_to_nothing_is_put_before_a_person(house: House) -> None:
    text = sent(a_sent_text(to=house.resident), 40)
    text.expires_at = first(text).expires_at = MORNING - timedelta(hours=1)
    db.session.flush()
    reply("2")
    applied()
    assert (first(text).answer, house.list()) == (None, [("sms_reply", "2")])
    sent(text, 400)
    reply("不来了")
    applied()
    assert [words for _, words in house.list()] == ["2", "不来了"]


def test_a_yes_to_what_asked_nothing_calls_nobody(house: House) -> None:
    text = a_sent_text(to=house.resident, kind=MessageKind.RUN_OUT)
    reply("收到")
    applied()
    assert (house.list(), kept().state) == ([], HeardState.APPLIED)
    assert kept().message_id == text.id


def test_a_reply_waits_for_a_text_that_is_still_on_its_way() -> None:
    text = a_sent_text()
    waiting = db.update(Message).where(Message.id == text.id)
    lease = {"lease_token": text.id, "lease_until": MORNING, "sent_at": None}
    db.session.execute(waiting.values(state=State.SENDING, **lease))
    reply("2")
    applied()
    assert kept().state is HeardState.STORED
    lease |= {"lease_token": None, "lease_until": None, "sent_at": MORNING}
    db.session.execute(waiting.values(state=State.SENT, **lease))
    applied()
    assert first(text).answer is Answer.CANNOT_COME


def test_whose_house_nobody_knows_is_counted_for_a_person_all_the_same(app: Flask) -> None:
    a_sent_text()
    reply("我头晕得厉害")
    for _ in range(7):
        db.session.execute(db.text("UPDATE sms_heard SET received_at = now() - interval '7 hours'"))
        applied()
    assert kept().state is HeardState.UNMATCHED
    assert messaging.replies_unread() == 1
