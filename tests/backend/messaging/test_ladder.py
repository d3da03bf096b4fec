"""Messages go on to the next channel: once, when it is time, and only while it matters."""

from datetime import timedelta
from typing import Any

import pytest
from conftest import MORNING
from contract_builders import a_centre, a_team, join, lead_of
from family_builders import a_guardian
from followup_builders import a_signed_resident
from ladder_builders import a_failed, chain, channels, failed, sent
from message_builders import a_message, messages_about
from people import a_member_of_staff, a_resident, an_account, by_itself
from sqlalchemy import text

from backend import identity, messaging
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.messaging import (
    Channel,
    Group,
    Message,
    MessageKind,
    Outcome,
    Reason,
    Result,
    State,
    Step,
    To,
    history,
)
from backend.messaging.wishes import mute

pytestmark = pytest.mark.usefixtures("app")
EMERGENCY = MessageKind.EMERGENCY_ALERT


def climb() -> None:
    messaging.climb(by_itself())
    db.session.expire_all()


def reasons(message: Message) -> list[Reason | None]:
    return [one.reason for one in history.of(message.id) if one.step is Step.NEXT_CHANNEL]


def test_what_failed_goes_by_sms_with_the_same_words() -> None:
    message = a_failed(a_signed_resident().resident)
    climb()
    (text_,) = chain(message)
    assert (text_.channel, text_.state, text_.climbs) == (Channel.SMS, State.QUEUED, True)
    assert (text_.content, text_.page) == (message.content, message.page)
    assert (text_.collapse_key, text_.expires_at) == (message.collapse_key, message.expires_at)
    assert reasons(message) == [Reason.NO_ACCOUNT]
    assert not message.climbs


def test_twice_is_once() -> None:
    message = a_failed(a_signed_resident().resident)
    climb()
    climb()
    assert channels(message) == [Channel.SMS]


def test_the_whole_ladder() -> None:
    message = a_failed(a_signed_resident().resident)
    for _ in range(5):
        climb()
        for one in chain(message):
            failed(one, Reason.NOT_DELIVERED)
    assert channels(message) == [Channel.SMS, Channel.CALL, Channel.FAMILY]


@pytest.mark.parametrize(("hours", "followed"), [(7.9, []), (8, [Channel.SMS])])
def test_what_is_not_read_goes_on_after_its_hours(hours: float, followed: list[Channel]) -> None:
    message = sent(a_message(a_resident(), MessageKind.FOLLOW_UP_DUE), hours)
    climb()
    assert channels(message) == followed


def test_what_was_read_goes_no_further() -> None:
    message = sent(a_message(a_resident(), MessageKind.FOLLOW_UP_DUE), 9)
    message.read_at = MORNING
    climb()
    assert channels(message) == []
    assert not message.climbs


@pytest.mark.parametrize(
    ("kind", "minutes", "followed"),
    [
        (MessageKind.EMERGENCY_ACCESS, 4, []),
        (MessageKind.EMERGENCY_ACCESS, 6, [Channel.SMS]),
        (MessageKind.FOLLOW_UP_DUE, 6, []),
    ],
)
def test_what_is_in_doubt_waits_for_wechats_word(
    kind: MessageKind, minutes: int, followed: list[Channel]
) -> None:
    values = {"whose": "您的记录，点开可看原因"} if kind is MessageKind.EMERGENCY_ACCESS else {}
    message = a_message(a_resident(), kind, values=values)
    message.state, message.reason = State.UNKNOWN, Reason.NO_ANSWER
    db.session.flush()
    db.session.execute(text(f"UPDATE message SET next_at = now() - interval '{minutes} minutes'"))
    climb()
    assert channels(message) == followed


def test_a_credit_that_was_kept_costs_nobody_the_message() -> None:
    message = a_message(a_resident(), MessageKind.FOLLOW_UP_DUE)
    message.state, message.reason = State.WITHDRAWN, Reason.KEPT_CREDIT
    db.session.flush()
    climb()
    assert channels(message) == [Channel.SMS]


def test_without_a_text_the_centre_calls() -> None:
    person = a_signed_resident().resident
    message = a_failed(person, MessageKind.PRESCRIPTION_STOPPED)
    person.phone_sealed = None
    db.session.flush()
    climb()
    (call,) = chain(message)
    assert call.channel is Channel.CALL
    assert reasons(message) == [Reason.NO_PHONE, Reason.NO_PHONE, Reason.NO_ACCOUNT]


def test_at_night_it_waits_for_the_morning(clock: FixedClock) -> None:
    message = a_failed(a_resident())
    clock.at = MORNING.replace(hour=22)
    climb()
    (text_,) = chain(message)
    assert text_.due_at == MORNING.replace(hour=7, minute=0) + timedelta(days=1)


def test_what_is_urgent_waits_for_no_morning(clock: FixedClock) -> None:
    values = {"whose": "您的记录，点开可看原因"}
    message = a_failed(a_resident(), MessageKind.EMERGENCY_ACCESS, values=values)
    clock.at = MORNING.replace(hour=22)
    climb()
    assert [one.due_at for one in chain(message)] == [clock.at]


def test_nobody_of_the_family_has_it_twice() -> None:
    """Who has no account was told by the guardian's from the first."""
    child = a_signed_resident("小宝").resident
    guardian = a_guardian(child)
    message = a_message(child, MessageKind.FOLLOW_UP_DUE)
    account = db.session.query(identity.Account).filter_by(resident_id=guardian.id).one()
    message.account_id = account.id
    failed(message, Reason.NO_CREDIT)
    for _ in range(5):
        climb()
        for one in chain(message):
            failed(one, Reason.NOT_DELIVERED)
    assert channels(message) == [Channel.SMS, Channel.CALL]


def test_what_an_own_account_did_not_read_the_family_has_at_the_end() -> None:
    person = a_signed_resident().resident
    message = a_failed(person)
    message.account_id = an_account(resident_id=person.id).id
    for _ in range(5):
        climb()
        for one in chain(message):
            failed(one, Reason.NOT_DELIVERED)
    assert channels(message)[-1] is Channel.FAMILY


def withdrawn(message: Message) -> None:
    messaging.withdraw(by_itself(), message.subject_id)


def replaced(message: Message) -> None:
    to, subject = To.resident(message.to_resident_id or message.id), message.subject_id
    messaging.queue(by_itself(), message.kind, to, subject, "another", {})


def expired(message: Message) -> None:
    message.expires_at = MORNING
    db.session.flush()


def dead(message: Message) -> None:
    db.session.get_one(identity.Resident, message.to_resident_id).died_on = MORNING.date()


def left(message: Message) -> None:
    db.session.get_one(identity.Resident, message.to_resident_id).restricted_at = MORNING


def opted_out(message: Message) -> None:
    consents = db.session.query(identity.Consent).filter_by(resident_id=message.to_resident_id)
    consents.filter_by(purpose=identity.Purpose.REMINDERS).one().withdrawn_at = MORNING


def muted(message: Message) -> None:
    if message.to_resident_id is not None:
        mute(by_itself(), message.to_resident_id, Group.CARE)


def closed(message: Message) -> None:
    if message.to_resident_id is not None:
        messaging.close(by_itself(), message.to_resident_id, "died")  # type: ignore[arg-type]


STOPS = [withdrawn, replaced, expired, dead, left, opted_out, muted, closed]


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("hours", [None, 9], ids=["failed", "unread"])
def test_what_is_over_goes_no_further(stop: Any, hours: int | None) -> None:
    message = a_message(a_signed_resident().resident, MessageKind.FOLLOW_UP_DUE)
    failed(message, Reason.NO_ACCOUNT) if hours is None else sent(message, hours)
    stop(message)
    db.session.flush()
    climb()
    assert channels(message) == []
    assert not message.climbs


@pytest.mark.parametrize("stop", STOPS)
def test_a_call_about_it_is_not_made(stop: Any) -> None:
    message = a_failed(a_signed_resident().resident)
    message.content = {**message.content}
    climb()
    (text_,) = chain(message)
    failed(text_, Reason.NOT_DELIVERED)
    climb()
    call = chain(message)[-1]
    assert call.channel is Channel.CALL
    stop(call)
    db.session.flush()
    messaging.stop_calls(by_itself())
    db.session.expire_all()
    assert call.state is State.WITHDRAWN


def test_what_a_colleague_does_not_read_the_lead_has() -> None:
    team = a_team()
    nurse = a_member_of_staff(Role.NURSE, "俞小满", team.institution_id)
    join(nurse, team)
    message = sent(a_message(nurse, MessageKind.EMERGENCY_ALERT), 2)
    climb()
    told = [one.to_staff_id for one in messages_about(message.subject_id)]
    assert lead_of(team).id in told
    assert channels(message) == [Channel.SMS]
    climb()
    assert len(messages_about(message.subject_id)) == len(told)


def test_the_house_is_told_once_a_day_that_there_are_calls() -> None:
    patient = a_signed_resident()
    for _ in range(2):
        message = a_failed(patient.resident, MessageKind.PRESCRIPTION_STOPPED)
        patient.resident.phone_sealed = None
        db.session.flush()
        climb()
        assert channels(message) == [Channel.CALL]
    asked = messages_about(patient.team.institution_id)
    assert {one.kind for one in asked} == {MessageKind.CALL_TO_MAKE}
    assert len(asked) == len({one.to_staff_id for one in asked}) > 0


def test_who_is_on_duty_has_it_and_the_deputy_of_who_is_away() -> None:
    house = a_centre()
    nurse = a_member_of_staff(Role.NURSE, "俞小满", house.id)
    other = a_member_of_staff(Role.NURSE, "沈护士", house.id)
    a_member_of_staff(Role.MANAGER, "钱主任", house.id)
    to = To.on_duty(house.id, Role.PUBLIC_HEALTH, Role.NURSE, Role.MANAGER)
    messaging.queue(by_itself(), MessageKind.CALL_TO_MAKE, to, house.id, "today", {})
    assert {one.to_staff_id for one in messages_about(house.id)} == {nurse.id, other.id}


FULL = Outcome(State.QUEUED, Reason.QUOTA, pause_s=50_000.0, errcode=45009)


def refused(outcome: Outcome = FULL) -> None:
    """WeChat takes nothing more today."""
    db.session.flush()
    for one in messaging.claim(by_itself(), "s1", 9):
        messaging.settle(by_itself().at, [Result(one.id, one.token, outcome)])


def climb_past() -> None:
    messaging.climb_past(by_itself())
    db.session.expire_all()


def test_an_emergency_goes_on_while_wechat_takes_nothing(clock: FixedClock) -> None:
    doctor = a_member_of_staff(Role.DOCTOR, "钱医生")
    alert, task = (a_message(doctor, kind) for kind in (EMERGENCY, MessageKind.FOLLOW_UP_TASK))
    refused()
    climb_past()
    assert channels(alert) == []
    clock.at += timedelta(minutes=6)
    climb_past()
    climb_past()
    assert (alert.state, alert.obsolete, channels(alert)) == (State.WITHDRAWN, False, [Channel.SMS])
    assert (task.state, channels(task)) == (State.QUEUED, [])


def test_what_a_sender_has_in_hand_is_left_to_it(clock: FixedClock) -> None:
    alert = a_message(a_member_of_staff(Role.DOCTOR, "钱医生"), EMERGENCY)
    db.session.flush()
    (held,) = messaging.claim(by_itself(), "s1", 9)
    clock.at += timedelta(minutes=6)
    climb_past()
    assert (held.id, alert.state, channels(alert)) == (alert.id, State.SENDING, [])


def test_nothing_leaves_its_channel_while_the_fence_is_up(clock: FixedClock) -> None:
    alert = a_message(a_member_of_staff(Role.DOCTOR, "钱医生"), EMERGENCY)
    up = "raised_at = now(), cut_at = now(), because = 'by_hand'"
    db.session.execute(text(f"UPDATE send_fence SET {up}"))
    clock.at += timedelta(hours=1)
    climb_past()
    assert (alert.state, channels(alert)) == (State.QUEUED, [])


def test_a_text_is_not_sent_about_what_was_answered_after_all() -> None:
    message = a_failed(a_signed_resident().resident)
    climb()
    message.read_at = MORNING
    db.session.flush()
    assert messaging.claim(by_itself(), "s1", 9, Channel.SMS) == []
    db.session.expire_all()
    (followed,) = chain(message)
    assert (followed.state, followed.reason) == (State.WITHDRAWN, Reason.ANSWERED)
