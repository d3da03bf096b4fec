"""What ends while people act on it: weekly clinics, sessions, bookings about to be confirmed."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from clinic_database import Database, acting, book_once, either, give_back, managing, outcome
from races import race
from sqlalchemy import text

from backend import clinics
from backend.clinics import horizon, offer_service
from backend.kernel import entry
from backend.kernel.context import CLOCK, Context
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction


def end(roster: UUID, house: UUID, days: int) -> str:
    """End a weekly clinic while its sessions are being made."""
    time.sleep(0.5)
    with transaction():
        ctx = managing(house)
        clinics.end_roster(ctx, clinics.hold_roster(ctx, roster), ctx.today + timedelta(days))
    return "ended"


def make_sessions(locked: bool, pause: float) -> str:
    """Find what is missing, wait, then make it; without the lock in the control."""
    found = horizon.missing

    def slowly(ctx: Context, limit: int, ids: Any = None) -> Sequence[Any]:
        missing = found(ctx, limit, ids)
        time.sleep(pause)
        return missing

    horizon.missing = slowly
    if not locked:
        horizon.still_promised = lambda _ctx, missing: missing
        horizon.write_down = lambda _promised: None  # a new promise holds its roster as well
    with transaction():
        clinics.generate(entry.context(CLOCK, entry.moment()))
    return "made"


def after_the_end(database: Database, locked: bool) -> int:
    """Open sessions of a roster later than its last day, when both happen at once."""
    roster = database.roster()
    acts = [(make_sessions, locked, 2.0), (end, roster, database.house, 0)]
    assert race(database.url, either, acts) == ["made", "ended"]
    row = database.link.execute(
        "SELECT count(*) FROM clinic_session s JOIN roster r ON r.id = s.roster_id"
        " WHERE s.state = 'open' AND s.day > r.ends_on"
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_an_ended_roster_sells_no_more_seats(database: Database) -> None:
    assert after_the_end(database, locked=True) == 0


def test_without_the_rosters_lock_it_does(database: Database) -> None:
    """The negative control."""
    assert after_the_end(database, locked=False) > 0


def close(session: UUID, house: UUID) -> str:
    with transaction():
        ctx = managing(house)
        clinics.cancel_session(ctx, clinics.session_of_house(ctx, session), "停诊")
    return "closed"


def test_some_are_booked_before_the_session_is_closed_and_some_refused(
    database: Database,
) -> None:
    """Both sides of the race happen."""
    session = database.session(capacity=200, minutes=400)
    crowds = [(one_by_one, session, [new_id() for _ in range(60)]) for _ in range(2)]
    late = (close_in_a_while, session, database.house)
    answers = sum(race(database.url, either, [*crowds, late])[:-1], Counter())
    assert answers["booked"] > 0 < answers["session-cancelled"]
    assert database.load(session)[:2] == (0, 0)


def one_by_one(session: UUID, people: Sequence[UUID]) -> Counter[str]:
    """Each of these people tries once, with a breath between them."""
    told = Counter[str]()
    for person in people:
        told[outcome(person, session)] += 1
        time.sleep(0.02)
    return told


def close_in_a_while(session: UUID, house: UUID) -> str:
    """Close as soon as somebody has a seat."""
    taken = text("SELECT count(*) FROM booking WHERE session_id = :id")
    while not db.session.execute(taken, {"id": session}).scalar_one():
        db.session.rollback()
    db.session.rollback()
    return close(session, house)


def test_nobody_is_left_booked_in_a_session_closed_meanwhile(database: Database) -> None:
    session = database.session()
    crowds = [(one_by_one, session, [new_id() for _ in range(8)]) for _ in range(3)]
    results = race(database.url, either, [*crowds, (close, session, database.house)])
    assert results[-1] == "closed"
    answers = sum(results[:-1], Counter())
    assert answers.keys() <= {"booked", "session-cancelled", "session-full"}
    assert database.load(session)[:2] == (0, 0)


def tell(person: UUID, booking: UUID, session: UUID) -> str:
    """Confirm a booking, and take a while to commit."""
    with transaction():
        told = entry.context(CLOCK, entry.moment())
        clinics.tell_booked(told, clinics.BookingMade(person, booking, session))
        time.sleep(2)
    return "told"


def give_back_and_forget(person: UUID, booking: UUID, session: UUID) -> str:
    """Cancel while the confirmation is being written, with what follows the event."""
    time.sleep(0.7)
    give_back(person, booking)
    with transaction():
        told = entry.context(CLOCK, entry.moment())
        clinics.forget_booked(told, clinics.BookingCancelled(person, booking, session))
    return "forgotten"


def test_no_confirmation_outlives_a_seat_given_back_meanwhile(database: Database) -> None:
    session, person = database.session(), database.resident()
    (booking,) = race(database.url, book_once, [(person, session)])
    ids = (person, booking, session)
    assert race(database.url, either, [(tell, *ids), (give_back_and_forget, *ids)])
    states = database.link.execute("SELECT state FROM message").fetchall()
    assert states == [("withdrawn",)]


def keep(person: UUID, session: UUID, number: int) -> UUID:
    with transaction():
        return clinics.book(acting(person), session, clinics.Wish(number), only_hold=True).id


def lapse_slowly(in_order: bool) -> str:
    """End what has run out, with time between two seats; by their ends in the control."""
    lapsed = offer_service._lapsed

    def slowly(ctx: Context, booking_id: UUID) -> clinics.Booking | None:
        booking = lapsed(ctx, booking_id)
        time.sleep(0.6)
        return booking

    offer_service._lapsed = slowly
    if not in_order:
        vars(offer_service)["sorted"] = lambda rows, key: rows
    with transaction():
        clinics.lapse(entry.context(CLOCK, entry.moment()))
    return "lapsed"


def close_meanwhile(session: UUID, house: UUID) -> str:
    time.sleep(0.3)
    return close(session, house)


def both_end_offers(database: Database, in_order: bool) -> list[object]:
    """Seat 5 has run out before seat 2; whoever closes the session locks 2 before 5."""
    session = database.session()
    kept = race(database.url, keep, [(new_id(), session, number) for number in (2, 5)])
    for booking, minutes in zip(kept, (1, 2), strict=True):
        database.link.execute(
            "UPDATE booking SET held_until = now() - make_interval(mins => %s) WHERE id = %s",
            [minutes, booking],
        )
    acts = [(lapse_slowly, in_order), (close_meanwhile, session, database.house)]
    return race(database.url, either, acts)


def test_offers_run_out_while_their_session_is_closed(database: Database) -> None:
    assert both_end_offers(database, in_order=True) == ["lapsed", "closed"]


def test_out_of_order_one_of_both_fails(database: Database) -> None:
    """The negative control."""
    with pytest.raises(AssertionError, match="DeadlockDetected"):
        both_end_offers(database, in_order=False)
