"""One person, one seat: what may be booked, what is refused and why, what a cancel gives back."""

from datetime import datetime, timedelta

import pytest
from clinic_builders import a_roster, a_session, an_expert, at
from conftest import MORNING
from flask import Flask
from people import a_resident, an_account, by, by_itself
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from backend import clinics, identity
from backend.clinics.rules import Window, policy_of, window
from backend.kernel.calendar import SHANGHAI
from backend.kernel.clock import FixedClock
from backend.kernel.context import Actor, Role
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, IdentityNeeded, NotFound, Refusal
from backend.kernel.events import EventRow
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.relations import Kind, is_related


def events(name: str) -> int:
    found = select(func.count()).select_from(EventRow).where(EventRow.name == f"clinics.{name}")
    return db.session.execute(found).scalar_one()


def free(session: clinics.ClinicSession) -> tuple[int, int]:
    """Free seats as the counter says, and as the seats say."""
    db.session.refresh(session)
    seats = clinics.seats(by_itself(), session.id)
    return session.free, sum(seat.is_free for seat in seats)


def refused(person: identity.Resident, session: clinics.ClinicSession, **wish: object) -> str:
    with pytest.raises(Refusal) as told:
        clinics.book(by(person), session.id, clinics.Wish(**wish))
    assert told.value.detail.endswith("。")
    return told.value.code


def cancelled(person: identity.Resident, booked: clinics.Appointment) -> clinics.Appointment:
    ctx = by(person)
    return clinics.cancel(ctx, clinics.hold(ctx, booked.id))


def test_a_resident_gets_the_first_seat_and_the_expert_may_know_of_it(app: Flask) -> None:
    session, person = a_session(), a_resident()
    booked = clinics.book(by(person), session.id)
    assert (booked.seat_number, booked.starts_at) == (1, session.starts_at)
    assert booked.ends_at - booked.starts_at == timedelta(minutes=6)
    assert free(session) == (19, 19)
    assert events("BookingMade") == 1
    assert clinics.find(by(person), booked.id).expert_name == "陆建明"


def test_the_expert_knows_of_the_person_from_the_day_before_until_the_window_after(
    app: Flask, clock: FixedClock
) -> None:
    expert, person = an_expert(), a_resident()
    session = a_session(a_roster(expert=expert), starts_at=at(MORNING, days=3, hour=9))
    policy, second = policy_of(by(person).region), timedelta(seconds=1)
    booked = clinics.book(by(person), session.id)
    begins, ends = session.starts_at - policy.record_lead, session.ends_at + policy.record_window
    for now, may in {
        MORNING: False,
        begins - second: False,
        begins: True,
        ends - second: True,
        ends: False,
    }.items():
        clock.at = now
        assert is_related(by(expert), person.id, Kind.BOOKED) == may, now
        (seat,) = clinics.booked(by(expert), session)
        assert (seat.seat_number, seat.booking is not None) == (booked.seat_number, may), now


def test_a_seat_that_is_confirmed_later_opens_the_same_window(
    app: Flask, clock: FixedClock
) -> None:
    expert, person = an_expert(), a_resident()
    session = a_session(a_roster(expert=expert), starts_at=at(MORNING, days=3, hour=9))
    held = clinics.book(by(person), session.id, only_hold=True)
    clinics.confirm(by(person), clinics.hold(by(person), held.id))
    clock.at = session.starts_at - policy_of(by(person).region).record_lead
    assert is_related(by(expert), person.id, Kind.BOOKED)
    clock.at -= timedelta(seconds=1)
    assert not is_related(by(expert), person.id, Kind.BOOKED)


def test_a_seat_given_back_before_the_window_never_opens_it(app: Flask, clock: FixedClock) -> None:
    expert, person = an_expert(), a_resident()
    session = a_session(a_roster(expert=expert), starts_at=at(MORNING, days=3, hour=9))
    cancelled(person, clinics.book(by(person), session.id))
    clock.at = session.starts_at
    assert not is_related(by(expert), person.id, Kind.BOOKED)
    assert clinics.booked(by(expert), session) == []


def test_who_is_not_verified_cannot_book(app: Flask) -> None:
    session, visitor = a_session(), an_account()
    actor = Actor(visitor.id, Role.RESIDENT, frozenset({visitor.id}))
    with pytest.raises(IdentityNeeded):
        clinics.book(by(actor), session.id)
    with pytest.raises(Forbidden):
        clinics.book(by(an_expert()), session.id)


def test_a_seat_or_a_time_can_be_asked_for(app: Flask) -> None:
    session = a_session()
    later = session.starts_at + timedelta(minutes=55)
    assert clinics.book(by(a_resident()), session.id, clinics.Wish(7)).seat_number == 7
    assert clinics.book(by(a_resident()), session.id, clinics.Wish(after=later)).seat_number == 11
    assert refused(a_resident(), session, number=7) == "seat-taken"
    assert refused(a_resident(), session, number=21) == "seat-taken"
    assert refused(a_resident(), session, after=session.ends_at) == "seat-taken"


def test_a_full_session_says_so(app: Flask) -> None:
    session = a_session(capacity=1)
    clinics.book(by(a_resident()), session.id)
    assert refused(a_resident(), session) == "session-full"
    assert refused(a_resident(), session, number=1) == "session-full"


def test_once_a_session(app: Flask) -> None:
    session, person = a_session(), a_resident()
    clinics.book(by(person), session.id)
    assert refused(person, session) == "already-booked"


def test_an_unknown_session_is_not_found(app: Flask) -> None:
    with pytest.raises(NotFound):
        clinics.book(by(a_resident()), a_resident().id)


RELEASED = datetime(2026, 11, 23, 7, 0, tzinfo=SHANGHAI)
BEGINS = datetime(2026, 12, 7, 9, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("now", "verdict", "seen"),
    [
        (RELEASED - timedelta(seconds=1), "not-released", clinics.Standing.NOT_RELEASED),
        (RELEASED, None, clinics.Standing.BOOKABLE),
        (BEGINS - timedelta(minutes=30, seconds=1), None, clinics.Standing.BOOKABLE),
        (BEGINS - timedelta(minutes=30), "too-late", clinics.Standing.CLOSED),
        (BEGINS - timedelta(seconds=1), "too-late", clinics.Standing.CLOSED),
        (BEGINS, "past", clinics.Standing.CLOSED),
        (BEGINS + timedelta(days=1), "past", clinics.Standing.CLOSED),
    ],
)
def test_the_statement_and_the_rule_know_the_same_hours(
    app: Flask, clock: FixedClock, now: datetime, verdict: str | None, seen: clinics.Standing
) -> None:
    session, person = a_session(starts_at=BEGINS), a_resident()
    clock.at = now
    assert clinics.standing(by(person), session) is seen
    rule = window(BEGINS, now, policy_of(by(person).region))
    assert (rule is Window.OPEN) == (verdict is None)
    if verdict is None:
        assert clinics.book(by(person), session.id).seat_number == 1
    else:
        assert refused(person, session) == verdict


def test_nobody_sits_in_two_places_at_once(app: Flask) -> None:
    person, here, there = a_resident(), a_session(), a_session(capacity=4)
    first = clinics.book(by(person), here.id, clinics.Wish(6))
    assert (first.starts_at, first.ends_at) == (clock_of(here, 30), clock_of(here, 36))
    assert refused(person, there, number=2) == "overlapping"
    assert (
        clinics.book(by(person), there.id, clinics.Wish(after=clock_of(there, 30))).seat_number == 3
    )


def test_the_first_seat_that_leaves_time_is_found(app: Flask) -> None:
    person, here, there = a_resident(), a_session(), a_session(capacity=4)
    clinics.book(by(person), here.id)
    assert clinics.book(by(person), there.id).seat_number == 2


def test_the_overlap_is_forbidden_by_the_schema_too(app: Flask) -> None:
    person, here, there = a_resident(), a_session(), a_session()
    clinics.book(by(person), here.id)
    row = clinics.Booking(
        session_id=there.id,
        seat_number=1,
        resident_id=person.id,
        day=there.day,
        starts_at=there.starts_at,
        ends_at=there.ends_at,
        state=clinics.BookingState.BOOKED,
        booked_at=MORNING,
    )
    db.session.add(row)
    with pytest.raises(IntegrityError, match="ex_booking_overlap"):
        db.session.flush()


def test_two_a_day_and_four_ahead(app: Flask) -> None:
    person = a_resident()
    sessions = [
        a_session(starts_at=at(MORNING, days=d, hour=h)) for d in (1, 2, 3) for h in (9, 14)
    ]
    extra = a_session(starts_at=at(MORNING, days=1, hour=16))
    for session in sessions[:2]:
        clinics.book(by(person), session.id)
    assert refused(person, extra) == "over-limit"
    for session in sessions[2:4]:
        clinics.book(by(person), session.id)
    assert refused(person, sessions[4]) == "over-limit"


def test_what_is_over_does_not_count_as_ahead(app: Flask, clock: FixedClock) -> None:
    person = a_resident()
    for d in (1, 2):
        for h in (9, 14):
            clinics.book(by(person), a_session(starts_at=at(MORNING, days=d, hour=h)).id)
    later = a_session(starts_at=at(MORNING, days=5, hour=9))
    clock.at = at(MORNING, days=3, hour=9)
    assert clinics.book(by(person), later.id).state == "booked"


def test_a_cancelled_seat_is_free_and_can_be_booked_again(app: Flask) -> None:
    session, person = a_session(capacity=1), a_resident()
    booked = clinics.book(by(person), session.id)
    gone = cancelled(person, booked)
    assert (gone.state, gone.acts, gone.ended_at) == ("cancelled", [], MORNING)
    assert free(session) == (1, 1)
    assert events("BookingCancelled") == 1
    again = clinics.book(by(person), session.id)
    assert (again.seat_number, again.id != booked.id) == (1, True)
    assert free(session) == (0, 0)


def test_the_expert_no_longer_knows_of_who_cancelled(app: Flask) -> None:
    expert, person = an_expert(), a_resident()
    booked = clinics.book(by(person), a_session(a_roster(expert=expert)).id)
    cancelled(person, booked)
    assert not is_related(by(expert), person.id, Kind.BOOKED)


def test_cancelling_twice_frees_one_seat(app: Flask) -> None:
    session, person = a_session(), a_resident()
    clinics.book(by(a_resident()), session.id)
    booked = clinics.book(by(person), session.id)
    cancelled(person, booked)
    with pytest.raises(IllegalMove):
        cancelled(person, booked)
    assert free(session) == (19, 19)


def test_shortly_before_only_the_desk_can_cancel(app: Flask, clock: FixedClock) -> None:
    session, person = a_session(), a_resident()
    booked = clinics.book(by(person), session.id)
    clock.at = session.starts_at - timedelta(minutes=59)
    with pytest.raises(clinics.TooLateToCancel):
        cancelled(person, booked)
    clock.at = session.starts_at - timedelta(minutes=60)
    assert cancelled(person, booked).state == "cancelled"


def test_another_person_neither_sees_nor_cancels(app: Flask) -> None:
    booked, stranger = clinics.book(by(a_resident()), a_session().id), by(a_resident())
    for look in (clinics.find, clinics.hold):
        with pytest.raises(NotFound):
            look(stranger, booked.id)
    with pytest.raises(Forbidden):
        clinics.cancel(stranger, db.session.get_one(clinics.Booking, booked.id))


def clock_of(session: clinics.ClinicSession, minutes: int) -> datetime:
    return session.starts_at + timedelta(minutes=minutes)


def test_the_act_goes_when_it_is_too_late(app: Flask, clock: FixedClock) -> None:
    session, person = a_session(), a_resident()
    booked = clinics.book(by(person), session.id)
    clock.at = last = booked.starts_at - timedelta(minutes=policy_minutes(person))
    assert clinics.find(by(person), booked.id).acts == ["cancel", "move"]
    clock.at = last + timedelta(seconds=1)
    assert clinics.find(by(person), booked.id).acts == []


def policy_minutes(person: identity.Resident) -> int:
    return policy_of(by(person).region).cancel_notice_minutes
