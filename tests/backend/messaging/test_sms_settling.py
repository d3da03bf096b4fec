"""What receipts and replies do: once, in any order, to the text and to the phone they are about."""

import random
from typing import Any

import pytest
from conftest import MORNING
from flask import Flask
from sms_builders import PHONE, a_sent_text, applied, heard, receipt, reply, somebody
from sqlalchemy import text as sql

from backend import messaging
from backend.kernel.database import db
from backend.messaging import Message, PhoneStanding, Reason, SmsDispatch, State
from backend.messaging.models import Answer
from backend.messaging.sms_desk import phone_index
from backend.messaging.sms_models import Heard, HeardState, SmsHeard


def standing(phone: str = PHONE) -> PhoneStanding:
    wanted = db.select(PhoneStanding).filter_by(phone_index=phone_index(phone))
    return db.session.execute(wanted).scalar_one()


def dispatch(message: Message) -> SmsDispatch:
    wanted = db.select(SmsDispatch).filter_by(message_id=message.id)
    return db.session.execute(wanted).scalar_one()


def test_a_receipt_is_kept_once_and_says_that_a_text_was_delivered(app: Flask) -> None:
    message = a_sent_text()
    assert [receipt(), receipt()] == [1, 0]
    applied()
    applied()
    assert (message.state, dispatch(message).delivered_at) == (State.SENT, MORNING)
    assert (standing().failures, standing().reached_at) == (0, MORNING)


def test_a_text_that_did_not_arrive_fails_and_the_phone_is_remembered(app: Flask) -> None:
    message = a_sent_text()
    receipt(status="FAIL", words="关机或不在服务区")
    applied()
    assert (message.state, message.reason) == (State.FAILED, Reason.NOT_DELIVERED)
    assert (message.sent_at, standing().failures, standing().dead_at) == (None, 1, None)


@pytest.mark.parametrize(
    ("words", "reason"), [("空号", Reason.DEAD_PHONE), ("运营商黑名单", Reason.STOPPED)]
)
def test_words_of_the_operator_tell_of_the_number(app: Flask, words: str, reason: Reason) -> None:
    message = a_sent_text()
    receipt(status="FAIL", words=words)
    applied()
    assert message.reason is reason
    assert standing().dead_at == (MORNING if reason is Reason.DEAD_PHONE else None)
    assert standing().stopped_at == (MORNING if reason is Reason.STOPPED else None)


def test_three_failures_in_a_row_make_a_phone_dead_and_one_success_begins_anew(app: Flask) -> None:
    for number in range(3):
        a_sent_text(serial=f"s-{number}")
    for number, status in enumerate(["FAIL", "FAIL", "SUCCESS"]):
        receipt(f"s-{number}", status)
        applied()
    assert (standing().failures, standing().dead_at) == (0, None)
    for number in range(3, 6):
        a_sent_text(serial=f"s-{number}")
        receipt(f"s-{number}", "FAIL")
    applied()
    assert (standing().failures, standing().dead_at) == (3, MORNING)


@pytest.mark.parametrize("words", ["关机", "空号", "运营商黑名单"])
@pytest.mark.parametrize("order", [["SUCCESS", "FAIL"], ["FAIL", "SUCCESS"]])
def test_of_two_receipts_that_differ_the_text_was_delivered_once_one_says_so_first(
    app: Flask, order: list[str], words: str
) -> None:
    message = a_sent_text()
    for status in order:
        receipt(status=status, words=words)
        applied()
    assert dispatch(message).delivered_at == MORNING
    assert dispatch(message).lost_at is None
    assert (message.state, message.reason, message.sent_at) == (State.SENT, None, MORNING)
    assert (standing().failures, standing().dead_at, standing().stopped_at) == (0, None, None)


def test_a_receipt_settles_a_text_in_doubt_by_the_phone_or_by_our_own_id(app: Flask) -> None:
    one = a_sent_text(State.UNKNOWN, serial=None)
    receipt("never-heard-of")
    applied()
    assert (one.state, one.reason) == (State.SENT, None)
    two, three = (a_sent_text(State.UNKNOWN, serial=None) for _ in range(2))
    receipt("another")
    applied()
    assert {two.state, three.state} == {State.UNKNOWN}  # which of the two it is nobody knows
    receipt("a-third", ext=str(three.id))
    applied()
    assert (two.state, three.state) == (State.UNKNOWN, State.SENT)


def test_what_comes_before_its_text_is_settled_waits_and_is_given_up_after_hours(
    app: Flask,
) -> None:
    receipt()
    applied()
    [kept] = db.session.execute(db.select(SmsHeard)).scalars()
    assert kept.state is HeardState.STORED
    message = a_sent_text()
    applied()
    assert dispatch(message).delivered_at == MORNING
    receipt("nobody-s")
    db.session.execute(sql("UPDATE sms_heard SET received_at = now() - interval '7 hours'"))
    for _ in range(6):
        assert HeardState.UNMATCHED not in db.session.execute(db.select(SmsHeard.state)).scalars()
        applied()
    states = db.session.execute(db.select(SmsHeard.state).order_by(SmsHeard.id)).scalars()
    assert list(states) == [HeardState.APPLIED, HeardState.UNMATCHED]


def test_receipts_in_any_order_and_any_number_come_to_the_same(app: Flask) -> None:
    messages = [a_sent_text(serial=f"s-{number}") for number in range(6)]
    told = [(f"s-{n}", "SUCCESS" if n % 2 else "FAIL") for n in range(6)] * 3
    random.Random(7).shuffle(told)
    for sid, status in told:
        receipt(sid, status)
        if status == "SUCCESS":
            applied()
    applied()
    assert [one.state for one in messages] == [State.FAILED, State.SENT] * 3


def test_a_stop_stops_texts_to_that_phone_and_to_no_other(app: Flask) -> None:
    message = a_sent_text()
    other = a_sent_text(serial="s-2", to=somebody("13900002222", "邻居"))
    reply(" ｔ ")
    applied()
    assert standing().stopped_at == MORNING
    assert (message.state, other.state) == (State.SENT, State.SENT)
    [kept] = db.session.execute(db.select(SmsHeard)).scalars()
    assert (kept.answer, kept.message_id) == (Answer.STOP, message.id)


@pytest.mark.parametrize(
    ("words", "answer"), [("1", Answer.CONFIRMED), ("不能来", Answer.CANNOT_COME)]
)
def test_an_answer_is_kept_with_the_first_of_the_ladder_which_ends(
    app: Flask, words: str, answer: Answer
) -> None:
    text = a_sent_text()
    reply(words)
    applied()
    first = db.session.get_one(Message, text.first_id)
    assert (first.answer, first.answered_at, first.climbs) == (answer, MORNING, False)
    event = db.session.execute(
        sql("SELECT payload FROM event WHERE name = 'messaging.MessageAnswered'")
    ).scalar_one()
    assert (event["message_id"], event["answer"]) == (str(first.id), answer)


def test_who_wants_no_texts_is_not_called_about_the_one_that_was_read(app: Flask) -> None:
    text = a_sent_text()
    reply("退订")
    applied()
    first = db.session.get_one(Message, text.first_id)
    assert (first.answer, first.read_at, first.climbs) == (None, MORNING, False)


def test_words_that_only_a_person_understands_are_kept_sealed(app: Flask) -> None:
    a_sent_text()
    reply("我头晕得厉害")
    applied()
    [kept] = db.session.execute(db.select(SmsHeard)).scalars()
    assert (kept.answer, kept.words) == (None, "我头晕得厉害")
    row = db.session.execute(sql("SELECT sms_heard::text FROM sms_heard")).scalar_one()
    assert "头晕" not in row
    assert PHONE not in row


def test_one_that_cannot_be_read_does_not_cost_us_the_others(app: Flask) -> None:
    good = {"mobile": PHONE, "sid": "s-1", "report_status": "SUCCESS"}
    bad: list[Any] = [None, 7, {}, good | {"mobile": "x"}, good | {"report_status": "MAYBE"}]
    bad += [good | {"sid": ""}, good | {"nationcode": "852"}]
    assert heard(Heard.RECEIPT, *bad, good) == 1


def test_what_is_over_is_forgotten_after_a_while(app: Flask) -> None:
    message = a_sent_text()
    receipt()
    applied()
    db.session.execute(sql("UPDATE sms_heard SET received_at = now() - interval '200 days'"))
    now = db.session.execute(sql("SELECT now() - interval '180 days'")).scalar_one()
    assert messaging.forget_heard(now) == 1
    assert dispatch(message).delivered_at == MORNING


def test_one_that_cannot_be_applied_is_set_aside_alone(app: Flask) -> None:
    """A row that the driver cannot read stands for every defect."""
    message = a_sent_text()
    receipt("nobody-s")
    db.session.execute(sql("UPDATE sms_heard SET happened_at = '0001-01-01 BC'"))
    receipt()
    for _ in range(8):
        applied()
    assert dispatch(message).delivered_at == MORNING
    rows = db.session.execute(sql("SELECT state, failures, error FROM sms_heard ORDER BY id"))
    assert list(rows) == [("quarantined", 8, "DataError"), ("applied", 0, None)]
    assert messaging.heard_quarantined() == 1


def test_a_receipt_of_the_try_before_says_nothing_of_this_one(app: Flask) -> None:
    message = a_sent_text(serial="s-2")
    receipt("s-1", "FAIL", ext=str(message.id))
    applied()
    assert message.state is State.SENT
    receipt("s-2", "FAIL")
    applied()
    assert message.state is State.FAILED


@pytest.mark.parametrize("told", ["0001-01-01 00:00:00", "9999-12-31 23:59:59", "soon", None])
def test_a_time_that_cannot_be_is_when_we_heard_of_it(app: Flask, told: object) -> None:
    receipt(user_receive_time=told)
    assert db.session.execute(db.select(SmsHeard.happened_at)).scalar_one() == MORNING


def test_no_item_costs_us_the_batch_whatever_stands_in_it(app: Flask) -> None:
    good = {"mobile": PHONE, "text": "1", "time": 1}
    assert heard(Heard.REPLY, good | {"time": "\ud800"}, good | {"text": "\ud800"}, good) == 2
