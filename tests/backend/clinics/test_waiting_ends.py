"""How waiting ends: a seat was taken, the list closed, the session is not held."""

from datetime import timedelta

import pytest
from clinic_builders import a_roster, a_session
from conftest import FixedClock
from contract_builders import a_centre
from people import a_resident, by, by_itself
from waiting_builders import a_full_session, any_session, gives_back, now_at, waits

from backend import clinics, messaging
from backend.clinics.errors import AlreadyBooked, SessionNotHeld, TooLate
from backend.clinics.models import SessionState
from backend.clinics.waiting_models import LIVE_ENTRIES
from backend.clinics.waiting_service import wait_after_draw
from backend.kernel.database import db
from jobs import clinics as jobs


def test_who_books_elsewhere_in_the_session_waits_no_more(app: object, clock: FixedClock) -> None:
    session, (holder,) = a_full_session()
    waiter = a_resident()
    place = waits(session, waiter)
    gives_back(holder)
    clock.at += timedelta(seconds=60)
    booked = clinics.book(by(waiter), session.id)
    clinics.leave_served(by_itself(), clinics.BookingMade(waiter.id, booked.id, session.id))
    assert now_at(place).state == "served"


def test_late_news_of_a_seat_that_was_given_back_ends_no_newer_place(app: object) -> None:
    session = a_session(capacity=1)
    person = a_resident()
    first = clinics.book(by(person), session.id)
    gives_back(person)
    clinics.book(by(a_resident()), session.id)
    db.session.refresh(session)
    place = waits(session, person)
    clinics.leave_served(by_itself(), clinics.BookingMade(person.id, first.id, session.id))
    assert now_at(place).state == "waiting"


def test_who_wants_another_seat_after_booking_one_waits_on(app: object, clock: FixedClock) -> None:
    here, person = a_centre(), a_resident()
    session = a_session(a_roster(here))
    booked = clinics.book(by(person), session.id)
    clock.at += timedelta(seconds=1)
    place = clinics.join(by(person), any_session(here))
    clinics.leave_served(by_itself(), clinics.BookingMade(person.id, booked.id, session.id))
    assert now_at(place).state == "waiting"


def test_a_list_ends_when_booking_closes(app: object, clock: FixedClock) -> None:
    session, _ = a_full_session()
    place = waits(session)
    clock.at = session.starts_at - timedelta(minutes=30, microseconds=1)
    assert jobs.close_waiting() == 0
    clock.at = session.starts_at - timedelta(minutes=30)
    assert jobs.close_waiting() == 1
    assert (now_at(place).state, now_at(place).end_reason) == ("over", "no_seat")
    assert jobs.close_waiting() == 0


def test_a_wish_for_any_session_ends_after_its_day(app: object, clock: FixedClock) -> None:
    here = a_centre()
    a_roster(here)
    place = clinics.join(by(a_resident()), any_session(here, days=1))
    clock.at += timedelta(days=1)
    assert jobs.close_waiting() == 0
    clock.at += timedelta(days=1)
    assert jobs.close_waiting() == 1
    assert now_at(place).end_reason == "no_seat"


def test_a_cancelled_session_keeps_nobody_waiting(app: object) -> None:
    here, other = a_centre(), a_resident()
    session, _ = a_full_session(roster=a_roster(here))
    own, any_one = waits(session), clinics.join(by(other), any_session(here))
    event = clinics.SessionCancelled(session.id, session.institution_id)
    clinics.close_cancelled(by_itself(), event)
    assert (now_at(own).state, now_at(own).end_reason) == ("over", "session_cancelled")
    assert now_at(any_one).state in LIVE_ENTRIES


def test_the_list_of_a_session_that_is_not_held_ends_by_itself(app: object) -> None:
    """Whoever joined while it was being closed."""
    session, _ = a_full_session()
    place = waits(session)
    session.state, session.reason = SessionState.CANCELLED, "停诊"
    db.session.flush()
    assert jobs.close_waiting() == 1
    assert now_at(place).end_reason == "session_cancelled"


def test_who_lost_a_draw_does_not_wait_where_nothing_can_come(
    app: object, clock: FixedClock
) -> None:
    held, cancelled, booked = [a_session(capacity=1) for _ in range(3)]
    cancelled.state, cancelled.reason = SessionState.CANCELLED, "停诊"
    db.session.flush()
    person, since = a_resident(), clock.at
    with pytest.raises(SessionNotHeld):
        wait_after_draw(by_itself(), person.id, cancelled.id, since)
    clinics.book(by(person), booked.id)
    with pytest.raises(AlreadyBooked):
        wait_after_draw(by_itself(), person.id, booked.id, since)
    wait_after_draw(by_itself(), person.id, held.id, since)
    clock.at = held.starts_at - timedelta(minutes=30)
    with pytest.raises(TooLate):
        wait_after_draw(by_itself(), a_resident().id, held.id, since)
    assert [entry.session_id for entry in db.session.query(clinics.WaitingEntry)] == [held.id]


def test_who_waited_in_vain_for_any_session_is_told_the_last_day_and_a_house(
    app: object, clock: FixedClock
) -> None:
    here, there = a_centre(), a_centre()
    a_roster(there)
    wanted = any_session(here, there, days=2)
    place = clinics.join(by(a_resident()), wanted)
    clock.at += timedelta(days=5)
    clinics.tell_waiting_over(
        by_itself(), clinics.WaitingOver(place.resident_id, place.id, "no_seat")
    )
    (message,) = db.session.query(messaging.Message).filter_by(subject_id=place.id)
    told = message.content
    assert told["time2"] == f"{wanted.until:%Y年%m月%d日} 23:59"
    assert told["thing3"] in {here.name, there.name}
