"""Many people, few seats: real processes with threads, and what happens without the guards."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from databases import admin_url, slow_down_inserts
from flask import current_app
from races import race
from sqlalchemy import text

from backend import clinics
from backend.clinics import claim, horizon
from backend.clinics.rules import seat_windows
from backend.kernel import entry
from backend.kernel.calendar import shanghai_date
from backend.kernel.context import CLOCK, Actor, Context, Role
from backend.kernel.database import db
from backend.kernel.errors import Refusal
from backend.kernel.ids import new_id
from backend.kernel.transaction import transaction

SEATS = 20
THREADS = 4
CONSTRAINTS = """
DROP INDEX uq_booking_seat; ALTER TABLE clinic_session DROP CONSTRAINT ck_clinic_session_taken
"""
LOAD = """
SELECT s.taken, (SELECT count(*) FROM booking WHERE session_id = s.id AND state = 'booked'),
  (SELECT count(*) FROM clinic_seat WHERE session_id = s.id AND NOT is_free)
FROM clinic_session s WHERE id = %s
"""


class Database:
    """The committed database of a race, as its administrator sees it."""

    def __init__(self, link: psycopg.Connection, url: str) -> None:
        self.link, self.url, self.house, self.expert = link, url, new_id(), new_id()
        link.execute(
            "INSERT INTO institution VALUES (%s, NULL, NULL, '示例', 'centre', '示例', NULL, 30,"
            " 120, true)",
            [self.house],
        )
        link.execute(
            "INSERT INTO staff VALUES (%s, '陆建明', 'specialist', '主任医师', NULL, %s)",
            [self.expert, self.house],
        )

    def roster(self) -> UUID:
        """A weekly clinic on Saturdays, which no public holiday moves."""
        roster, today = new_id(), shanghai_date(datetime.now(UTC))
        self.link.execute(
            "INSERT INTO roster SELECT %s, %s, %s, '心内科', 'outpatient', '3诊室', NULL, 6,"
            " '9:00', '10:00', 10, %s",
            [roster, self.expert, self.house, today],
        )
        return roster

    def session(self, capacity: int = SEATS, hours: int = 0, minutes: int = 30) -> UUID:
        """A session some days from now; `hours` later than others."""
        session, roster = new_id(), new_id()
        noon = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        begin = noon + timedelta(days=4, hours=hours)
        end = begin + timedelta(minutes=minutes)
        day = begin.date()
        promised = "'心内科', 'outpatient', '3诊室'"
        self.link.execute(
            f"INSERT INTO roster SELECT %s, %s, %s, {promised}, NULL, 1, '9:00', '10:00', %s, %s",
            [roster, self.expert, self.house, capacity, day],
        )
        self.link.execute(
            "INSERT INTO clinic_session SELECT %s, id, expert_id, institution_id, specialty,"
            " service, room, NULL, %s, %s, %s, now() - interval '1 day', %s FROM roster"
            " WHERE id = %s",
            [session, day, begin, end, capacity, roster],
        )
        rows = [(new_id(), session, *seat) for seat in seat_windows(begin, end, capacity)]
        self.link.cursor().executemany("INSERT INTO clinic_seat VALUES (%s, %s, %s, %s, %s)", rows)
        return session

    def resident(self) -> UUID:
        """Somebody whom messages can be for."""
        person = new_id()
        self.link.execute(
            "INSERT INTO resident (id, name, id_number_sealed, id_number_index, birth_date, sex,"
            " verified_at) VALUES (%s, '王桂芬', '', %s, '1962-03-08', 'female', now())",
            [person, person.bytes],
        )
        return person

    def load(self, session: UUID) -> tuple[int, int, int]:
        """What the counter says, live bookings, seats that are not free."""
        row = self.link.execute(LOAD, [session]).fetchone()
        assert row is not None
        return row[0], row[1], row[2]


@pytest.fixture
def database(own_database: str) -> Iterator[Database]:
    name = urlsplit(own_database).path.strip("/")
    with psycopg.connect(admin_url(name), autocommit=True) as link:
        yield Database(link, own_database)


def acting(person: UUID) -> Context:
    """The context in which a verified resident acts now."""
    actor = Actor(person, Role.RESIDENT, frozenset({person}))
    return entry.context(actor, entry.moment(), person)


def outcome(person: UUID, session: UUID) -> str:
    """Book once; `booked` or the code of the refusal."""
    try:
        with transaction():
            clinics.book(acting(person), session)
    except Refusal as refusal:
        return refusal.code
    finally:
        db.session.remove()
    return "booked"


def crowd(session: UUID, people: Sequence[UUID], locked: bool = True) -> Counter[str]:
    """Each of these people tries once, a few threads at a time."""
    app = current_app._get_current_object()
    if not locked:
        words = claim.CLAIM.format(wish="", patience="").replace("FOR UPDATE", "")
        for waits in (False, True):
            claim.STATEMENTS["", waits] = words

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
    session, answers = rush(database, full, locked=False)
    assert database.load(session)[1] == answers["booked"] > SEATS


def come_and_go(session: UUID, rounds: int) -> Counter[str]:
    """Book and give back, again and again."""
    person, told = new_id(), Counter[str]()
    for _ in range(rounds):
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


def either(act: object, *given: object) -> object:
    """One of several acts in a race."""
    return act(*given)  # type: ignore[operator]


def give_back(person: UUID, booking: UUID) -> str:
    with transaction():
        ctx = acting(person)
        clinics.cancel(ctx, clinics.hold(ctx, booking))
    return "cancelled"


def book_once(person: UUID, session: UUID) -> UUID:
    with transaction():
        return clinics.book(acting(person), session).id


def test_eight_cancels_free_one_seat(database: Database) -> None:
    session, person = database.session(), new_id()
    (booking,) = race(database.url, book_once, [(person, session)])
    answers = Counter(race(database.url, give_back, [(person, booking)] * 8))
    assert answers == {"cancelled": 1, "illegal-move": 7}
    assert database.load(session) == (0, 0, 0)


def close(session: UUID, house: UUID) -> str:
    with transaction():
        actor = Actor(new_id(), Role.MANAGER, frozenset({house}), house)
        ctx = entry.context(actor, entry.moment())
        clinics.cancel_session(ctx, clinics.session_of_house(ctx, session), "停诊")
    return "closed"


def end(roster: UUID, house: UUID, days: int) -> str:
    """End a weekly clinic while its sessions are being made."""
    time.sleep(0.5)
    with transaction():
        actor = Actor(new_id(), Role.MANAGER, frozenset({house}), house)
        ctx = entry.context(actor, entry.moment())
        clinics.end_roster(ctx, clinics.hold_roster(ctx, roster), ctx.today + timedelta(days))
    return "ended"


def make_sessions(locked: bool, pause: float) -> str:
    """Find what is missing, wait, then make it; without the lock in the control."""
    found = horizon.missing

    def slowly(ctx: Context, limit: int) -> Sequence[Any]:
        missing = found(ctx, limit)
        time.sleep(pause)
        return missing

    horizon.missing = slowly
    if not locked:
        horizon.still_promised = lambda missing: missing
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
    crowds = [(crowd, session, [new_id() for _ in range(8)]) for _ in range(3)]
    results = race(database.url, either, [*crowds, (close, session, database.house)])
    assert results[-1] == "closed"
    answers = sum(results[:-1], Counter())
    assert answers.keys() <= {"booked", "session-cancelled", "session-full"}
    assert database.load(session)[:2] == (0, 0)


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
