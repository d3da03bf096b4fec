"""改约 while others act: two moves of one booking, a cancel, the session closed, the last seat."""

import time
from collections import Counter
from uuid import UUID

from clinic_database import Database, acting, book_once, either, give_back, managing, outcome
from races import race

from backend import clinics
from backend.clinics import queries
from backend.kernel import entry
from backend.kernel.context import CLOCK
from backend.kernel.ids import new_id
from backend.kernel.subjects import Cause
from backend.kernel.transaction import transaction


def change(person: UUID, booking: UUID, to: UUID, locked: bool = True, pause: float = 0) -> str:
    """Move once; without the locks in the control."""
    if not locked:
        queries.hold_person = lambda _: None
        queries.hold_seats = lambda _: []
        queries.held = queries.one
    with transaction():
        ctx = acting(person)
        held = clinics.hold_to_move(ctx, booking)
        time.sleep(pause)
        clinics.move(ctx, held, to, clinics.Wish())
    return "moved"


def close(house: UUID, session: UUID) -> str:
    with transaction():
        ctx = managing(house)
        clinics.cancel_session(ctx, clinics.session_of_house(ctx, session), "停诊")
    return "closed"


def live(database: Database, person: UUID) -> int:
    row = database.link.execute(
        "SELECT count(*) FROM booking WHERE resident_id = %s AND ended_at IS NULL", [person]
    ).fetchone()
    assert row is not None
    return int(row[0])


def sound(database: Database, *sessions: UUID) -> None:
    """What is taken is what is booked, and what is not free."""
    for session in sessions:
        taken, booked, gone = database.load(session)
        assert taken == booked == gone, session


def two_moves(database: Database, locked: bool) -> tuple[Counter[str], int]:
    old, one, other = (database.session(hours=hour) for hour in (0, 2, 4))
    person = new_id()
    (booking,) = race(database.url, book_once, [(person, old)])
    moves = [(person, booking, to, locked, 0.4) for to in (one, other)]
    answers = Counter(race(database.url, change, moves))
    if locked:
        sound(database, old, one, other)
    return answers, live(database, person)


def test_two_moves_of_one_booking_have_one_winner(database: Database) -> None:
    assert two_moves(database, locked=True) == ({"moved": 1, "illegal-move": 1}, 1)


def test_without_the_locks_one_seat_becomes_two(database: Database) -> None:
    """The negative control."""
    assert two_moves(database, locked=False) == ({"moved": 2}, 2)


def test_a_move_and_a_cancel_have_one_winner(database: Database) -> None:
    old, new, person = database.session(), database.session(hours=2), new_id()
    (booking,) = race(database.url, book_once, [(person, old)])
    acts = [(change, person, booking, new)] * 3 + [(give_back, person, booking)] * 3
    answers = Counter(race(database.url, either, acts))
    assert answers["moved"] + answers["cancelled"] == 1
    assert answers["illegal-move"] == 5
    assert live(database, person) == answers["moved"]
    sound(database, old, new)


def test_the_last_seat_goes_to_one_and_the_others_keep_theirs(database: Database) -> None:
    old, last = database.session(), database.session(capacity=1, hours=2)
    people = [new_id() for _ in range(4)]
    bookings = race(database.url, book_once, [(person, old) for person in people])
    moves = [(change, *both, last) for both in zip(people, bookings, strict=True)]
    rivals = [(outcome, new_id(), last) for _ in range(2)]
    answers = Counter(race(database.url, either, [*moves, *rivals]))
    assert answers["moved"] + answers["booked"] == 1
    assert answers["session-full"] == 5
    assert sum(live(database, person) for person in people) == 4
    sound(database, old, last)


def test_nobody_is_lost_between_two_sessions_of_which_one_closes(database: Database) -> None:
    """Whoever moves is in the one or the other, or was told that the session is not held."""
    old, new = database.session(), database.session(hours=2)
    people = [new_id() for _ in range(4)]
    bookings = race(database.url, book_once, [(person, old) for person in people])
    moves = [(change, *both, new) for both in zip(people, bookings, strict=True)]
    *answers, closed = race(database.url, either, [*moves, (close, database.house, old)])
    assert closed == "closed"
    assert set(answers) <= {"moved", "illegal-move"}
    told = database.link.execute("SELECT count(*) FROM booking WHERE state = 'withdrawn'")
    (withdrawn,) = told.fetchone() or (0,)
    assert answers.count("moved") + withdrawn == len(people)
    assert database.load(old)[:2] == (0, 0)
    sound(database, new)


def there_and_back(person: UUID, booking: UUID, to: UUID, back: UUID) -> int:
    """Move again and again between two sessions; how often it went well."""
    rounds = 0
    for target in (to, back) * 2:
        with transaction():
            ctx = acting(person)
            held = clinics.hold_to_move(ctx, booking)
            booking = clinics.move(ctx, held, target, clinics.Wish()).id
        rounds += 1
    return rounds


def test_moves_both_ways_do_not_deadlock(database: Database) -> None:
    one, other = database.session(), database.session(hours=2)
    people = [new_id() for _ in range(4)]
    places = [(one, other), (other, one)] * 2
    starts = [(person, place[0]) for person, place in zip(people, places, strict=True)]
    bookings = race(database.url, book_once, starts)
    walks = [
        (person, booking, to, start)
        for person, booking, (start, to) in zip(people, bookings, places, strict=True)
    ]
    assert race(database.url, there_and_back, walks) == [4] * 4
    sound(database, one, other)


def leave(person: UUID) -> str:
    """Everything of the person ends, and it takes a while to commit."""
    with transaction():
        clinics.close(entry.context(CLOCK, entry.moment()), person, Cause.WITHDRAWN)
        time.sleep(0.2)
    return "left"


def test_two_who_leave_with_seats_the_other_way_round_do_not_deadlock(database: Database) -> None:
    one, other = database.session(), database.session(hours=2)
    people = [new_id() for _ in range(4)]
    for place in range(2):
        starts = [(who, (one, other)[(n + place) % 2]) for n, who in enumerate(people)]
        race(database.url, book_once, starts)
    assert race(database.url, leave, [(who,) for who in people]) == ["left"] * 4
    assert [database.load(session) for session in (one, other)] == [(0, 0, 0)] * 2
