"""Many people, few seats: real processes with threads, and what happens without the guards."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from clinic_database import LOAD, SEATS, Database, acting, book_once, either, give_back, outcome
from databases import slow_down_inserts
from flask import current_app
from races import race
from sqlalchemy import text

from backend import clinics
from backend.clinics import claim
from backend.kernel.context import Kinship, Proxy, Scope
from backend.kernel.database import db
from backend.kernel.errors import Refusal
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction

THREADS = 4
CONSTRAINTS = """
DROP INDEX uq_booking_seat; ALTER TABLE clinic_session DROP CONSTRAINT ck_clinic_session_taken
"""


def crowd(session: UUID, people: Sequence[UUID], locked: bool = True) -> Counter[str]:
    """Each of these people tries once, a few threads at a time."""
    app = current_app._get_current_object()
    if not locked:
        claim.STATEMENTS[""] = claim.STATEMENTS[""].replace("FOR UPDATE SKIP LOCKED", "")

    def one(person: UUID) -> str:
        with app.app_context():
            return outcome(person, session)

    with ThreadPoolExecutor(THREADS) as threads:
        return Counter(threads.map(one, people))


def rush(database: Database, full: bool, *, locked: bool = True) -> tuple[UUID, Counter[str]]:
    """A crowd for one session, in as many processes as the size asks for."""
    session = database.session()
    people = [[new_id() for _ in range(100 if full else 10)] for _ in range(16 if full else 4)]
    results = race(database.url, crowd, [(session, some, locked) for some in people])
    return session, sum(results, Counter())


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--full"))


def test_every_seat_is_sold_once(database: Database, full: bool) -> None:
    session, answers = rush(database, full)
    assert database.load(session) == (SEATS, SEATS, SEATS)
    assert answers.keys() == {"booked", "session-full"}
    assert answers["booked"] == SEATS


def test_the_lock_alone_sells_every_seat_once(database: Database, full: bool) -> None:
    database.link.execute(CONSTRAINTS)
    session, answers = rush(database, full)
    assert database.load(session) == (SEATS, SEATS, SEATS)
    assert answers["booked"] == SEATS


def test_the_constraint_alone_never_oversells(database: Database, full: bool) -> None:
    session, answers = rush(database, full, locked=False)
    assert database.load(session)[1] == answers["booked"] <= SEATS
    assert answers["seat-taken"] > 0


def test_without_lock_and_constraint_it_oversells(database: Database, full: bool) -> None:
    """The negative control."""
    database.link.execute(CONSTRAINTS)
    slow_down_inserts(urlsplit(database.url).path.strip("/"), "booking", 0.1)
    session, answers = rush(database, full, locked=False)
    assert database.load(session)[1] == answers["booked"] > SEATS


def come_and_go(session: UUID, rounds: int) -> Counter[str]:
    """Book and give back, again and again, each time somebody else."""
    told = Counter[str]()
    for _ in range(rounds):
        person = new_id()
        told[outcome(person, session)] += 1
        with transaction():
            ctx = acting(person)
            for booking in db.session.query(clinics.Booking).filter_by(
                resident_id=person, state="booked"
            ):
                clinics.cancel(ctx, clinics.hold(ctx, booking.id))
                told["cancelled"] += 1
        db.session.remove()
    return told


def watch(session: UUID, rounds: int) -> Counter[str]:
    """Compare the counter with the bookings all the while."""
    told = Counter[str]()
    words = text(LOAD.replace("%s", ":id"))
    for _ in range(rounds * 5):
        with transaction():
            taken, live, gone = db.session.execute(words, {"id": session}).one()
        told["equal" if taken == live == gone <= 3 else "different"] += 1
    return told


def test_coming_and_going_loses_no_seat(database: Database, full: bool) -> None:
    session, rounds = database.session(capacity=3), 100 if full else 15
    goers = [(come_and_go, session, rounds)] * (12 if full else 5)
    results = race(database.url, either, [(watch, session, rounds), *goers])
    assert results[0].keys() == {"equal"}
    told = sum(results[1:], Counter())
    assert told.keys() <= {"booked", "cancelled", "session-full"}
    assert told["booked"] == told["cancelled"] > 0
    assert database.load(session) == (0, 0, 0)


def test_eight_cancels_free_one_seat(database: Database) -> None:
    session, person = database.session(), new_id()
    (booking,) = race(database.url, book_once, [(person, session)])
    answers = Counter(race(database.url, give_back, [(person, booking)] * 8))
    assert answers == {"cancelled": 1, "illegal-move": 7}
    assert database.load(session) == (0, 0, 0)


def book_each(person: UUID, session: UUID) -> str:
    return outcome(person, session)


def test_eight_taps_pass_no_limit(database: Database) -> None:
    sessions = [database.session(hours=hour) for hour in range(8)]
    person = new_id()
    answers = Counter(race(database.url, book_each, [(person, each) for each in sessions]))
    assert answers == {"booked": 2, "over-limit": 6}


def test_without_the_persons_lock_they_do(database: Database) -> None:
    """The negative control."""
    body = database.link.execute(
        "SELECT replace(pg_get_functiondef('booking_load'::regproc), 'pg_advisory_xact_lock',"
        " 'abs')"
    ).fetchone()
    assert body is not None
    database.link.execute(body[0])
    slow_down_inserts(urlsplit(database.url).path.strip("/"), "booking", 0.5)
    sessions = [database.session(hours=hour) for hour in range(8)]
    person = new_id()
    answers = Counter(race(database.url, book_each, [(person, each) for each in sessions]))
    assert answers["booked"] > 2


def hesitate(person: UUID, session: UUID, before: float, after: float) -> str:
    """Book after a while; with `after`, change one's mind just before the commit."""
    time.sleep(before)
    if not after:
        return outcome(person, session)
    clinics.book(acting(person), session)
    time.sleep(after)
    db.session.rollback()
    return "rolled back"


def test_the_last_seat_that_comes_free_again_is_not_called_sold(database: Database) -> None:
    session = database.session(capacity=1)
    both = [(new_id(), session, 0, 1.0), (new_id(), session, 0.4, 0)]
    assert race(database.url, hesitate, both) == ["rolled back", "booked"]


def book_for_her(person: UUID, session: UUID, number: int) -> str:
    """A family member of hers books, by the own phone."""
    kin = list(Kinship)[number]
    ctx = replace(acting(person), proxy=Proxy(new_id(), kin, frozenset({Scope.BOOK})))
    try:
        with transaction():
            clinics.book(ctx, session)
    except Refusal as refusal:
        return refusal.code
    return "booked"


def test_two_family_members_of_one_person_get_one_seat(database: Database) -> None:
    session, person = database.session(), database.resident()
    both = [(person, session, number) for number in range(2)]
    assert sorted(race(database.url, book_for_her, both)) == ["booked", "not-now"]
    assert database.load(session) == (1, 1, 1)
