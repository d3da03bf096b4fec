"""Which texts go, to which phone: the standing of phones, their limit, what is written down."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from conftest import MORNING
from flask import Flask
from people import a_member_of_staff, by_itself
from sms_builders import PHONE, a_text, prepared, somebody

from backend import identity
from backend.kernel.context import Role
from backend.kernel.crypto import keyring
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.messaging import (
    OWN_RECORD,
    Message,
    MessageKind,
    PhoneStanding,
    Reason,
    Result,
    Sms,
    SmsDispatch,
    State,
    remember_sms,
)
from backend.messaging.answers import Outcome
from backend.messaging.sms_desk import phone_index

SENT = Outcome(State.SENT, counted=True, rid="2640:1", code="Ok")


def standing(**facts: object) -> None:
    db.session.add(PhoneStanding(phone_index=phone_index(PHONE), **facts))
    db.session.flush()


def said(text: Message, outcome: Outcome) -> Result:
    return Result(text.id, text.lease_token or new_id(), outcome)


def test_a_text_goes_to_the_phone_on_file_and_the_number_is_kept_nowhere(app: Flask) -> None:
    text = a_text()
    assert prepared(text) == {text.id: Sms(text.id, f"+86{PHONE}", "2000001", ("11月23日",))}
    [kept] = db.session.execute(db.select(SmsDispatch)).scalars()
    assert (kept.message_id, kept.phone_index) == (text.id, keyring().index(PHONE, "phone"))
    assert kept.at == MORNING


def test_a_text_tried_again_is_written_down_once_and_counts_once(app: Flask) -> None:
    text = a_text()
    assert prepared(text)
    assert prepared(text)
    assert db.session.query(SmsDispatch).count() == 1


@pytest.mark.parametrize("phone", [None, "0572-1234567"])
def test_without_a_mobile_phone_there_is_no_text(app: Flask, phone: str | None) -> None:
    text = a_text(somebody(phone))
    assert prepared(text) == {}
    assert (text.state, text.reason) == (State.FAILED, Reason.NO_PHONE)


def test_a_kind_without_words_for_it_never_goes_by_sms(app: Flask) -> None:
    text = a_text(kind=MessageKind.DEMO_NOTICE)
    assert prepared(text) == {}
    assert (text.state, text.reason) == (State.FAILED, Reason.NO_TEXT)


def a_doctor() -> identity.Staff:
    """With the phone of a family that gets texts there, too."""
    doctor = a_member_of_staff(Role.DOCTOR, "李医生")
    account = db.session.execute(
        db.select(identity.Account).filter_by(staff_id=doctor.id)
    ).scalar_one()
    account.phone = PHONE
    db.session.flush()
    return doctor


def test_staff_are_written_to_on_the_phone_of_their_account(app: Flask) -> None:
    text = a_text(a_doctor(), MessageKind.EMERGENCY_ALERT)
    assert prepared(text)[text.id].template_id == "2000011"


@pytest.mark.parametrize("kind", [MessageKind.EMERGENCY_ALERT, MessageKind.EMERGENCY_ACCESS])
def test_a_warning_knows_no_limit_and_counts_all_the_same(app: Flask, kind: MessageKind) -> None:
    assert len(prepared(*(a_text(somebody(name=name)) for name in ("韩大爷", "韩奶奶")))) == 2
    is_alert = kind is MessageKind.EMERGENCY_ALERT
    values = {} if is_alert else {"whose": OWN_RECORD}
    warning = a_text(a_doctor() if is_alert else somebody(), kind, values=values)
    assert prepared(warning)[warning.id].can_wait is False
    assert db.session.query(SmsDispatch).count() == 3


def test_a_stop_is_one_of_the_family_and_not_of_who_is_on_duty(app: Flask) -> None:
    standing(stopped_at=MORNING)
    reminder = a_text(somebody())
    warning = a_text(a_doctor(), MessageKind.EMERGENCY_ALERT)
    assert prepared(reminder, warning).keys() == {warning.id}
    assert reminder.reason is Reason.STOPPED


def test_a_dead_number_is_dead_for_warnings_too(app: Flask) -> None:
    standing(dead_at=MORNING, stopped_at=MORNING)
    warning = a_text(a_doctor(), MessageKind.EMERGENCY_ALERT)
    assert prepared(warning) == {}
    assert warning.reason is Reason.DEAD_PHONE


@pytest.mark.parametrize(
    ("facts", "reason"),
    [({"stopped_at": MORNING}, Reason.STOPPED), ({"dead_at": MORNING}, Reason.DEAD_PHONE)],
)
def test_who_stopped_texts_and_what_is_dead_is_left_in_peace(
    app: Flask, facts: dict[str, object], reason: Reason
) -> None:
    standing(**facts)
    text = a_text()
    assert prepared(text) == {}
    assert (text.state, text.reason) == (State.FAILED, reason)


def test_a_dead_number_lives_again_once_wechat_vouches_for_it(app: Flask) -> None:
    standing(dead_at=MORNING - timedelta(days=2))
    person = somebody()
    account = db.session.query(identity.Account).filter_by(resident_id=person.id).one()
    account.phone_index, account.phone_given_at = phone_index(PHONE), MORNING
    db.session.flush()
    assert prepared(a_text(person))


def test_a_family_s_one_phone_has_one_limit_and_the_rest_waits_for_the_morning(app: Flask) -> None:
    texts = [a_text(somebody(name=name)) for name in ("韩大爷", "韩奶奶", "韩小弟")]
    assert len(prepared(*texts)) == 2
    [held] = [text for text in texts if text.wait_until]
    assert (held.state, held.reason) == (State.QUEUED, Reason.PHONE_LIMIT)
    assert held.wait_until == datetime.fromisoformat("2026-11-24T07:00:00+08:00")
    assert prepared(held) == {}
    assert len(prepared(held, ctx=replace(by_itself(), at=MORNING + timedelta(days=1)))) == 1


@pytest.mark.parametrize(
    ("kind", "hours"), [(MessageKind.VISIT_NEAR, 20), (MessageKind.SESSION_CANCELLED, 300)]
)
def test_what_cannot_wait_for_tomorrow_goes_on_to_the_next_channel_today(
    app: Flask, kind: MessageKind, hours: int
) -> None:
    assert len(prepared(*(a_text(somebody(name=name)) for name in ("韩大爷", "韩奶奶")))) == 2
    place = {"time": "2026年11月24日 06:00", "place": "庙东卫生院"}
    late = a_text(somebody(name="韩小弟"), kind, values=place)
    late.expires_at = MORNING + timedelta(hours=hours)
    db.session.flush()
    assert prepared(late) == {}
    assert (late.state, late.reason) == (State.FAILED, Reason.PHONE_LIMIT)


def test_a_text_that_is_tried_again_is_not_held_by_its_own_first_try(app: Flask) -> None:
    texts = [a_text(somebody(name=name)) for name in ("韩大爷", "韩奶奶")]
    assert len(prepared(*texts)) == len(prepared(*texts)) == 2


def test_what_the_provider_said_is_kept_of_text_and_phone(app: Flask) -> None:
    text = a_text()
    prepared(text)
    remember_sms(MORNING, [said(text, SENT), Result(new_id(), new_id(), Outcome(State.QUEUED))])
    [kept] = db.session.execute(db.select(SmsDispatch)).scalars()
    assert (kept.serial_no, kept.code) == ("2640:1", "Ok")


@pytest.mark.parametrize(
    ("reason", "then"),
    [(Reason.STOPPED, Reason.STOPPED), (Reason.BAD_RECIPIENT, Reason.DEAD_PHONE)],
)
def test_a_number_that_the_provider_refuses_is_not_tried_again(
    app: Flask, reason: Reason, then: Reason
) -> None:
    text = a_text()
    prepared(text)
    remember_sms(MORNING, [said(text, Outcome(State.FAILED, reason, code="X.Y"))])
    another = a_text(somebody(name="韩奶奶"))
    prepared(another)
    assert another.reason is then


def test_who_lost_the_lease_says_nothing_of_the_next_try(app: Flask) -> None:
    text, frozen = a_text(), new_id()
    prepared(text)
    text.state, text.lease_token, text.lease_until = State.SENDING, new_id(), MORNING
    db.session.flush()
    remember_sms(MORNING, [Result(text.id, frozen, SENT)])
    kept = db.session.query(SmsDispatch).one()
    assert kept.serial_no is None
    remember_sms(MORNING, [said(text, replace(SENT, rid="2640:2"))])
    db.session.refresh(kept)
    text.state, text.lease_token, text.lease_until = State.UNKNOWN, None, None
    text.reason = Reason.LEASE_LOST
    db.session.flush()
    remember_sms(MORNING, [Result(text.id, frozen, SENT)])
    db.session.refresh(kept)
    assert kept.serial_no == "2640:2"


def test_a_text_that_is_sent_again_begins_clean(app: Flask) -> None:
    text = a_text()
    prepared(text)
    remember_sms(MORNING, [said(text, SENT)])
    kept = db.session.query(SmsDispatch).one()
    kept.lost_at = MORNING
    db.session.flush()
    prepared(text)
    db.session.refresh(kept)
    assert (kept.serial_no, kept.code, kept.lost_at) == (None, None, None)
