"""改约: another session in one act; the new seat and the old one given back, or neither."""

from datetime import timedelta
from typing import Any

import pytest
from clinic_builders import a_roster, a_session, an_expert, at
from conftest import FixedClock
from family_builders import a_relative, acting_for
from people import a_resident, by, by_itself
from sqlalchemy import select, text, update

from backend import clinics, identity, messaging
from backend.kernel import entry
from backend.kernel.context import Context, Scope
from backend.kernel.database import db
from backend.kernel.errors import Refusal
from backend.kernel.events import EventRow
from backend.kernel.relations import Kind, is_related

HOUR = timedelta(hours=1)


def moved(
    ctx: Context, booked: clinics.Appointment, to: clinics.ClinicSession, seat: int | None = None
) -> clinics.Appointment:
    held = clinics.hold_to_move(ctx, booked.id)
    return clinics.move(ctx, held, to.id, clinics.Wish(seat))


def refused(ctx: Context, *given: Any) -> str:
    """The code of the refusal, undone as the entry point would."""
    with pytest.raises(Refusal) as told, db.session.begin_nested():
        moved(ctx, *given)
    return told.value.code


def load(session: clinics.ClinicSession) -> tuple[int, int]:
    db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    db.session.refresh(session)
    live = select(clinics.Booking.id).filter_by(session_id=session.id, ended_at=None)
    return session.taken, len(db.session.execute(live).all())


def test_a_seat_is_changed_for_one_in_another_session(app: object) -> None:
    old, new, person = a_session(), a_session(), a_resident()
    booked = clinics.book(by(person), old.id)
    other = moved(by(person), booked, new, 7)
    assert (other.session_id, other.seat_number, other.state) == (new.id, 7, "booked")
    assert clinics.find(by(person), booked.id).state == "moved"
    assert (load(old), load(new)) == ((0, 0), (1, 1))


def test_the_expert_of_the_old_session_knows_the_person_no_more(app: object) -> None:
    first, second = an_expert(), an_expert("沈立")
    old, new = a_session(a_roster(expert=first)), a_session(a_roster(expert=second))
    person = a_resident()
    booked = clinics.book(by(person), old.id)
    moved(by(person), booked, new)
    assert not is_related(by(first), person.id, Kind.BOOKED)
    assert is_related(by(second), person.id, Kind.BOOKED)


def test_rules_are_judged_as_if_the_old_seat_were_gone(app: object) -> None:
    """Two a day are allowed, and at one hour one: changing passes neither limit."""
    person, expert = a_resident(), an_expert()
    nine, ten = a_session(), a_session(starts_at=at(entry.moment(), days=1, hour=13))
    first = clinics.book(by(person), nine.id)
    clinics.book(by(person), ten.id)
    same_hour = a_session(a_roster(expert=expert))
    assert moved(by(person), first, same_hour).starts_at == first.starts_at


def test_the_other_seats_of_the_person_still_count(app: object) -> None:
    person = a_resident()
    nine, also_nine = a_session(), a_session()
    later = a_session(starts_at=at(entry.moment(), days=1, hour=15))
    clinics.book(by(person), nine.id)
    booked = clinics.book(by(person), later.id)
    assert refused(by(person), booked, also_nine, 1) == "overlapping"
    assert clinics.find(by(person), booked.id).state == "booked"


@pytest.mark.parametrize("seat", [None, 1])
def test_the_seat_one_has_is_no_change(app: object, seat: int | None) -> None:
    session, person = a_session(), a_resident()
    booked = clinics.book(by(person), session.id)
    assert refused(by(person), booked, session, seat) == "same-seat"
    assert moved(by(person), booked, session, 2).seat_number == 2
    assert load(session) == (1, 1)


def test_where_nothing_is_left_the_old_seat_stays(app: object) -> None:
    old, full, person = a_session(), a_session(capacity=1), a_resident()
    clinics.book(by(a_resident()), full.id)
    booked = clinics.book(by(person), old.id)
    assert refused(by(person), booked, full) == "session-full"
    found = clinics.find(by(person), booked.id)
    assert (found.state, found.acts) == ("booked", ["cancel", "move"])
    assert is_related(by(db.session.get_one(identity.Staff, old.expert_id)), person.id, Kind.BOOKED)


def test_until_the_last_minute_of_cancelling(app: object, clock: FixedClock) -> None:
    old, new, person = a_session(), a_session(starts_at=at(entry.moment(), days=2)), a_resident()
    booked = clinics.book(by(person), old.id)
    clock.at = booked.starts_at - HOUR + timedelta(seconds=1)
    assert refused(by(person), booked, new) == "too-late-to-move"
    clock.at = booked.starts_at - HOUR
    assert moved(by(person), booked, new).state == "booked"


def test_what_is_over_is_not_moved(app: object) -> None:
    old, new, person = a_session(), a_session(), a_resident()
    booked = clinics.book(by(person), old.id)
    moved(by(person), booked, new)
    assert refused(by(person), booked, old) == "illegal-move"


def test_cancelling_twice_is_harmless_and_says_so(app: object) -> None:
    session, person = a_session(), a_resident()
    booked = clinics.book(by(person), session.id)
    clinics.cancel(by(person), clinics.hold(by(person), booked.id))
    with pytest.raises(Refusal, match="已经取消"):
        clinics.cancel(by(person), clinics.hold(by(person), booked.id))
    assert load(session) == (0, 0)


def test_one_message_tells_of_the_move(app: object) -> None:
    old, new, person = a_session(), a_session(), a_resident()
    booked = clinics.book(by(person), old.id)
    clinics.tell_booked(by_itself(), clinics.BookingMade(person.id, booked.id, old.id))
    other = moved(by(person), booked, new)
    made = clinics.BookingMade(person.id, other.id, new.id, booked.id)
    clinics.forget_booked(by_itself(), clinics.BookingMoved(person.id, booked.id, old.id))
    for _ in range(2):
        clinics.tell_booked(by_itself(), made)
    found = select(messaging.Message.kind, messaging.Message.state)
    rows = sorted((str(kind), str(state)) for kind, state in db.session.execute(found))
    assert rows == [("booking_confirmed", "withdrawn"), ("booking_moved", "queued")]
    names = db.session.execute(select(EventRow.name, EventRow.payload)).all()
    assert ("clinics.BookingMoved", str(booked.id)) in [(n, p.get("booking_id")) for n, p in names]
    assert str(booked.id) in [payload.get("moved_from") for _, payload in names]


def test_a_family_member_moves_and_hears_nothing_of_other_bookings(app: object) -> None:
    person = a_resident()
    relative = acting_for(a_relative(person, Scope.BOOK), person)
    old, clash = a_session(), a_session(starts_at=at(entry.moment(), days=3, hour=9))
    in_the_way = a_session(starts_at=clash.starts_at)
    clinics.book(by(person), in_the_way.id)
    booked = clinics.book(by(person), old.id)
    assert refused(relative, booked, clash, 1) == "not-now"
    assert moved(relative, booked, clash, 20).by_kinship == relative.by_kinship


def test_a_family_member_moves_nobody_to_what_is_kept_from_family(app: object) -> None:
    person = a_resident()
    relative = acting_for(a_relative(person, Scope.BOOK), person)
    booked = clinics.book(by(person), a_session().id)
    mind = a_session(a_roster(specialty="精神心理科"))
    assert refused(relative, booked, mind) == "not-for-proxies"


def test_a_referred_person_stays_one(app: object) -> None:
    roster, person = a_roster(), a_resident()
    old = a_session(roster)
    new = a_session(roster, starts_at=old.starts_at + timedelta(days=1), capacity=1)
    booked = clinics.book(by(person), old.id)
    origin = clinics.BookingOrigin.REFERRAL
    db.session.execute(update(clinics.Booking).values(origin=origin))
    of_new = clinics.Seat.session_id == new.id
    db.session.execute(update(clinics.Seat).where(of_new).values(quota=clinics.Quota.REFERRAL))
    db.session.expire_all()
    assert moved(by(person), booked, new).origin == origin


@pytest.mark.parametrize("late", [True, False])
def test_a_late_move_counts_as_a_late_cancel_does(
    app: object, clock: FixedClock, late: bool
) -> None:
    old, new, person = a_session(), a_session(starts_at=at(entry.moment(), days=2)), a_resident()
    booked = clinics.book(by(person), old.id)
    if late:
        clock.at = booked.starts_at - HOUR
    moved(by(person), booked, new)
    kinds = db.session.execute(select(clinics.Strike.kind)).scalars().all()
    assert kinds == (["late_cancel"] if late else [])
