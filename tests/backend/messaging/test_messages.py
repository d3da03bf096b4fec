"""Queueing a message once, at a kind hour, in words fit for a lock screen."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from message_builders import a_message, messages_about
from people import a_member_of_staff, a_resident, by_itself

from backend import messaging
from backend.kernel.calendar import SHANGHAI
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.messaging import DoesNotFit, MessageKind, State, To, history
from backend.messaging.rules import fit, kind_of
from backend.messaging.wording import catalogue

PLACE = {"place": "中心"}


def test_a_message_is_queued_once_for_each_occasion(app: Flask) -> None:
    resident, subject = a_resident(), new_id()
    for occasion in ("first", "first", "second"):
        messaging.queue(
            by_itself(),
            MessageKind.FOLLOW_UP_DUE,
            To.resident(resident.id),
            subject,
            occasion,
            {"date": "2026年12月01日"},
        )
    assert [one.occasion for one in messages_about(subject)] == ["first", "second"]
    assert messages_about(subject)[0].content["date2"] == "2026年12月01日"


def test_date_and_time_are_those_of_the_message_unless_given(app: Flask) -> None:
    message = a_message(kind=MessageKind.FOLLOW_UP_DUE)
    assert message.content["date2"] == "2026年11月23日"
    assert message.page == f"pages/follow-ups/detail?id={message.subject_id}"


@pytest.mark.parametrize("values", [{}, {"number": "一"}, {"number": "1", "drug": "x"}])
def test_values_that_do_not_fit_are_refused(app: Flask, values: dict[str, str]) -> None:
    with pytest.raises(DoesNotFit):
        a_message(values=values)


def test_residents_and_staff_are_left_in_peace_at_night(app: Flask, clock: FixedClock) -> None:
    clock.at = datetime(2026, 11, 23, 22, 0, tzinfo=SHANGHAI)
    morning = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
    assert a_message(kind=MessageKind.FOLLOW_UP_DUE).due_at == morning
    doctor = a_member_of_staff(Role.DOCTOR)
    assert a_message(doctor, MessageKind.FOLLOW_UP_TASK).due_at == morning


def test_an_emergency_is_told_at_night_too(app: Flask, clock: FixedClock) -> None:
    clock.at = datetime(2026, 11, 23, 22, 0, tzinfo=SHANGHAI)
    doctor = a_member_of_staff(Role.DOCTOR)
    assert a_message(doctor, MessageKind.EMERGENCY_ALERT).due_at == clock.at


def test_what_waits_can_be_withdrawn_and_what_is_done_cannot(app: Flask) -> None:
    subject = new_id()
    waiting = a_message(subject_id=subject, due=by_itself().at + timedelta(days=3))
    failed = a_message(subject_id=new_id())
    failed.state, failed.reason = State.FAILED, messaging.Reason.NO_CREDIT
    for one in (subject, failed.subject_id):
        messaging.withdraw(by_itself(), one)
    assert (waiting.state, failed.state) == (State.WITHDRAWN, State.FAILED)


def test_only_the_kinds_named_are_withdrawn(app: Flask) -> None:
    message = a_message()
    messaging.withdraw(by_itself(), message.subject_id, MessageKind.RUN_OUT)
    assert message.state is State.QUEUED


def test_the_newest_of_one_key_replaces_what_waits(app: Flask) -> None:
    resident, subject = a_resident(), new_id()
    older = a_message(resident, MessageKind.QUEUE_NEAR, subject_id=subject, values=PLACE)
    facts = {"occasion": "again", "values": PLACE}
    messaging.queue(by_itself(), MessageKind.QUEUE_NEAR, To.resident(resident.id), subject, **facts)
    newer = messages_about(subject)[1]
    db.session.refresh(older)
    assert (older.state, older.reason) == (State.WITHDRAWN, messaging.Reason.REPLACED)
    assert newer.state is State.QUEUED
    assert [line.step for line in history.of(older.id)] == [messaging.Step.REPLACED]
    assert history.of(newer.id) == []


def test_another_person_or_subject_is_not_replaced(app: Flask) -> None:
    subject = new_id()
    queued = [
        a_message(a_resident(), MessageKind.QUEUE_NEAR, subject_id=one, values=PLACE)
        for one in (subject, new_id())
    ]
    messaging.queue(
        by_itself(), MessageKind.QUEUE_NEAR, To.resident(a_resident().id), subject, "other", PLACE
    )
    assert {one.state for one in queued} == {State.QUEUED}


def test_what_is_queued_again_replaces_nothing(app: Flask) -> None:
    resident, subject = a_resident(), new_id()
    first = a_message(resident, MessageKind.QUEUE_NEAR, subject_id=subject, values=PLACE)
    messaging.queue(
        by_itself(), MessageKind.QUEUE_NEAR, To.resident(resident.id), subject, "once", PLACE
    )
    assert first.state is State.QUEUED


def test_a_kind_says_for_how_long_it_may_be_sent(app: Flask) -> None:
    near = a_message(kind=MessageKind.QUEUE_NEAR, values=PLACE)
    assert near.expires_at == near.due_at + timedelta(hours=1)
    assert a_message().expires_at is None


@pytest.mark.parametrize("kind", list(MessageKind))
def test_every_wording_fits_its_fields_whole(kind: MessageKind) -> None:
    examples = {
        "date": "2026年12月01日",
        "time": "2026年12月01日 09:00",
        "number": "1",
        "place": "中心",
        "whose": "您的记录，点开可看原因",
    }
    for key, text in catalogue().kind[kind].texts.items():
        whole = text.format(**examples)
        assert fit(kind_of(key), whole) == whole


def test_a_digest_and_a_first_rung_are_forgotten_after_what_leads_to_them(app: Flask) -> None:
    digest, first = a_message(), a_message()
    for one in (digest, first):
        one.state, one.reason = State.WITHDRAWN, messaging.Reason.OBSOLETE
    member, rung = a_message(), a_message()
    member.state, member.digest_id = State.DIGESTED, digest.id
    rung.state, rung.reason, rung.first_id = State.FAILED, messaging.Reason.NO_REPLY, first.id
    db.session.flush()
    left, before = {digest.id, first.id, member.id, rung.id}, by_itself().at + timedelta(days=1)
    leads = {member.id: digest.id, rung.id: first.id}
    for _ in range(4):
        assert messaging.forget(by_itself(), before, limit=1) == 1
        kept = {row.id for row in db.session.query(messaging.Message.id)}
        assert len(left - kept) == 1
        assert all(leads[one] in kept for one in leads.keys() & kept)
        left = kept
    assert left == set()
