"""I know, I cannot come, no more of these: what follows from each, whoever says it."""

from datetime import timedelta
from typing import Any

import pytest
from cascade_builders import follow
from clinic_builders import a_roster, a_session
from conftest import MORNING
from contract_builders import a_centre, a_team
from family_builders import a_relative
from followup_builders import a_signed_resident
from ladder_builders import a_failed, chain, failed, sent
from message_builders import a_message, messages_about
from people import Http, a_member_of_staff, a_resident, by, by_itself

from backend import clinics, followups, identity, messaging
from backend.clinics.models import Booking
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role, Scope
from backend.kernel.database import db
from backend.kernel.events import EventRow
from backend.messaging import Answer, Message, MessageKind, Reason, State, Step, history

pytestmark = pytest.mark.usefixtures("app")
CONFIRMED, CANNOT, STOP = Answer.CONFIRMED, Answer.CANNOT_COME, Answer.STOP


def say(http: Http, person: identity.Resident, message_id: Any, said: Answer, **more: Any) -> Any:
    return http(
        "POST", f"/resident/messages/{message_id}/answer", person, json={"answer": said}, **more
    )


def answered() -> int:
    return db.session.query(EventRow).filter_by(name="messaging.MessageAnswered").count()


def test_a_yes_ends_the_ladder(http: Http) -> None:
    person = a_signed_resident().resident
    message = a_failed(person)
    messaging.climb(by_itself())
    message_id, person_id = message.id, person.id
    told = say(http, person, message_id, CONFIRMED)
    assert (told.status_code, told.json["answer"]) == (200, "confirmed")
    message = db.session.get_one(Message, message_id)
    (text,) = chain(message)
    assert (text.state, text.reason) == (State.WITHDRAWN, Reason.ANSWERED)
    assert message.read_at == message.answered_at == MORNING
    assert Step.ANSWERED in {one.step for one in history.of(message_id)}
    messaging.climb(by_itself())
    assert len(chain(message)) == 1
    assert say(http, db.session.get_one(identity.Resident, person_id), message_id, CONFIRMED)
    assert answered() == 1


def test_an_answer_to_the_text_is_one_to_its_first_message(http: Http) -> None:
    person = a_signed_resident().resident
    message = a_failed(person)
    messaging.climb(by_itself())
    (text,) = chain(message)
    message_id = message.id
    assert say(http, person, text.id, CONFIRMED).json["id"] == str(message_id)


def a_visit_near(person: identity.Resident, **facts: Any) -> tuple[Booking, Message]:
    """A seat for this person, and the reminder of it; the clock stands at its hour."""
    session = a_session(a_roster(a_centre(), **facts), starts_at=MORNING + timedelta(days=2))
    booked = clinics.book(by(person), session.id)
    db.session.flush()
    db.session.expunge(session)  # the relay, another process, reads it anew
    follow()
    (message,) = [one for one in messages_about(booked.id) if one.kind is MessageKind.VISIT_NEAR]
    return db.session.get_one(Booking, booked.id), message


def test_a_visit_is_reminded_of_the_evening_before() -> None:
    booking, message = a_visit_near(a_resident())
    evening = (booking.starts_at - timedelta(days=1)).replace(hour=10, minute=0)  # 18:00 there
    assert (message.due_at, message.expires_at) == (evening, booking.starts_at)
    assert message.climbs


def test_a_seat_given_back_is_reminded_of_no_more() -> None:
    person = a_resident()
    booking, message = a_visit_near(person)
    clinics.cancel(by(person), clinics.hold(by(person), booking.id))
    follow()
    assert message.state is State.WITHDRAWN


def test_what_is_too_near_is_not_reminded_of() -> None:
    session = a_session(starts_at=MORNING + timedelta(hours=4))
    booked = clinics.book(by(a_resident()), session.id)
    follow()
    assert {one.kind for one in messages_about(booked.id)} == {MessageKind.BOOKING_CONFIRMED}


def test_who_cannot_come_gives_the_seat_back(http: Http, clock: FixedClock) -> None:
    person = a_resident()
    booking, message = a_visit_near(person)
    session = db.session.get_one(clinics.ClinicSession, booking.session_id)
    nurse = a_member_of_staff(Role.NURSE, "俞小满", session.institution_id)
    booking_id, message_id, nurse_id = booking.id, message.id, nurse.id
    clock.at = message.due_at
    assert say(http, person, message_id, CANNOT).status_code == 200
    follow()
    assert db.session.get_one(Booking, booking_id).state is clinics.BookingState.CANCELLED
    told = {(one.to_staff_id, one.kind) for one in messages_about(booking_id)}
    assert (nurse_id, MessageKind.SEAT_GIVEN_BACK) in told
    again = say(http, fresh(person), message_id, CONFIRMED)
    assert (again.status_code, again.json["type"][18:]) == (409, "answer-too-late")


def fresh(person: identity.Resident) -> identity.Resident:
    return db.session.query(identity.Resident).filter_by(name=person.name).one()


def test_where_it_may_not_be_cancelled_the_desk_is_told(http: Http, clock: FixedClock) -> None:
    """A relative may answer, but was not allowed to give seats back."""
    person = a_resident("韩大爷")
    booking, message = a_visit_near(person)
    session = db.session.get_one(clinics.ClinicSession, booking.session_id)
    nurse_id = a_member_of_staff(Role.NURSE, "俞小满", session.institution_id).id
    son = a_relative(person, Scope.REMINDERS)
    booking_id, message_id = booking.id, message.id
    clock.at = message.due_at
    assert say(http, son, message_id, CANNOT, on_behalf_of=person).status_code == 200
    follow()
    assert db.session.get_one(Booking, booking_id).state is clinics.BookingState.BOOKED
    (told,) = [one for one in messages_about(booking_id) if one.to_staff_id == nurse_id]
    assert told.kind is MessageKind.CANNOT_COME


def test_who_may_book_gives_it_back_for_the_person(http: Http, clock: FixedClock) -> None:
    person = a_resident("韩大爷")
    booking, message = a_visit_near(person)
    daughter = a_relative(person, Scope.REMINDERS, Scope.BOOK)
    booking_id, message_id = booking.id, message.id
    clock.at = message.due_at
    assert say(http, daughter, message_id, CANNOT, on_behalf_of=person).status_code == 200
    follow()
    row = db.session.get_one(Booking, booking_id)
    assert (row.state, row.ended_by_kinship) == (clinics.BookingState.CANCELLED, "son")


def test_who_cannot_come_to_a_follow_up_leaves_it_to_the_doctor(http: Http) -> None:
    patient = a_signed_resident()
    today = by_itself().today
    visit = followups.enrol(
        by(patient.doctor), patient.resident, today - timedelta(days=400), today
    )
    followups.fall_due(by_itself(), followups.hold(by_itself(), visit.id))
    follow()
    visit_id, doctor_id = visit.id, patient.doctor.id
    (message,) = [one for one in messages_about(visit_id) if one.kind is MessageKind.FOLLOW_UP_DUE]
    message_id = message.id
    assert say(http, patient.resident, message_id, CANNOT).status_code == 200
    follow()
    told = cannot_come(visit_id)
    assert [(one.to_staff_id, one.state) for one in told] == [(doctor_id, State.QUEUED)]
    assert followups.find(by_itself(), visit_id).state == "due"
    assert say(http, fresh(patient.resident), message_id, CONFIRMED).status_code == 200
    follow()
    assert [one.state for one in cannot_come(visit_id)] == [State.WITHDRAWN]


def cannot_come(subject_id: Any) -> list[Message]:
    found = messages_about(subject_id)
    return [one for one in found if one.kind is MessageKind.CANNOT_COME]


def test_what_asks_nothing_takes_no_answer(http: Http) -> None:
    person = a_resident()
    message = a_message(person, MessageKind.CONTRACT_ENDED)
    told = say(http, person, message.id, CONFIRMED)
    assert (told.status_code, told.json["type"][18:]) == (409, "not-asked")


def test_what_keeps_people_safe_cannot_be_stopped(http: Http) -> None:
    person = a_resident()
    message = a_message(person, MessageKind.DEATH_REPORTED)
    told = say(http, person, message.id, STOP)
    assert (told.status_code, told.json["type"][18:]) == (409, "must-be-told")


def test_after_it_began_nobody_answers(http: Http, clock: FixedClock) -> None:
    person = a_resident()
    booking, message = a_visit_near(person)
    clock.at = booking.starts_at
    told = say(http, person, message.id, CANNOT)
    assert (told.status_code, told.json["type"][18:]) == (409, "answer-too-late")


def test_a_reply_by_sms_has_the_same_effects(clock: FixedClock) -> None:
    person = a_signed_resident().resident
    booking, message = a_visit_near(person)
    clock.at = message.due_at
    failed(message, Reason.NO_ACCOUNT)
    messaging.climb(by_itself())
    (text,) = chain(message)
    sent(text)
    assert messaging.answer_by_phone(by_itself(), person.id, CANNOT)
    follow()
    assert db.session.get_one(Booking, booking.id).state is clinics.BookingState.CANCELLED
    assert not messaging.answer_by_phone(by_itself(), person.id, CONFIRMED)


def test_whoever_wrote_no_answer_to_ours_is_not_heard() -> None:
    assert not messaging.answer_by_phone(by_itself(), a_resident().id, CANNOT)


def test_the_members_of_a_team_do_not_answer_for_people(http: Http) -> None:
    team = a_team()
    nurse = a_member_of_staff(Role.NURSE, "俞小满", team.institution_id)
    message = a_failed(a_resident())
    path = f"/resident/messages/{message.id}/answer"
    assert http("POST", path, nurse, json={"answer": "confirmed"}).status_code == 403


def test_a_stop_mutes_the_group_on_every_channel(http: Http) -> None:
    person = a_signed_resident("韩大爷").resident
    message, other = a_failed(person), a_failed(person, MessageKind.RUN_OUT)
    other_id = other.id
    assert say(http, person, message.id, STOP).json["answer"] == "stop"
    messaging.climb(by_itself())
    assert chain(db.session.get_one(Message, other_id)) == []


@pytest.mark.parametrize(
    ("then", "left"),
    [(CONFIRMED, clinics.BookingState.BOOKED), (STOP, clinics.BookingState.CANCELLED)],
)
def test_who_takes_a_no_back_keeps_the_seat(
    http: Http, clock: FixedClock, then: Answer, left: clinics.BookingState
) -> None:
    person = a_resident()
    session = a_session(a_roster(a_centre()), starts_at=MORNING + timedelta(days=2))
    booking_id = clinics.book(by(person), session.id).id
    follow()
    near = next(one for one in messages_about(booking_id) if one.kind is MessageKind.VISIT_NEAR)
    message_id, person_id, clock.at = near.id, person.id, near.due_at
    for said in (CANNOT, then):
        who = db.session.get_one(identity.Resident, person_id)
        assert say(http, who, message_id, said).status_code == 200
    follow()
    assert db.session.get_one(Booking, booking_id).state is left
