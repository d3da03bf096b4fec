"""Check-in against cancel, against the sweep, and two desks that call: one winner each."""

import random
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from clinic_database import Database, acting, either
from races import race
from sqlalchemy import select

from backend import clinics
from backend.clinics import settle_service
from backend.kernel import entry
from backend.kernel.context import CLOCK, Actor, Context, Role
from backend.kernel.database import db
from backend.kernel.errors import Refusal
from backend.kernel.ids import new_id
from backend.kernel.subjects import Cause
from backend.kernel.transaction import transaction

SEATS = 20
SOON, LENGTH = timedelta(minutes=50), timedelta(hours=4)
# The later half: they can be cancelled, while their session can be checked in to.
NUMBERS = range(11, SEATS + 1)


class Today:
    """A session that begins soon and whose later seats somebody has."""

    def __init__(self, database: Database) -> None:
        self.database, self.session = database, database.session(SEATS)
        self.begins = datetime.now(UTC).replace(microsecond=0) + SOON
        self.ends = self.begins + LENGTH
        link = database.link
        link.execute(
            "UPDATE clinic_session SET starts_at = %(a)s, ends_at = %(b)s,"
            " day = (%(a)s AT TIME ZONE 'Asia/Shanghai')::date WHERE id = %(id)s",
            {"a": self.begins, "b": self.ends, "id": self.session},
        )
        link.execute(
            "UPDATE clinic_seat SET starts_at = %(a)s + (number - 1) * interval '12 minutes',"
            " ends_at = %(a)s + number * interval '12 minutes' WHERE session_id = %(id)s",
            {"a": self.begins, "id": self.session},
        )
        people = [new_id() for _ in NUMBERS]
        (booked,) = race(database.url, book_all, [(self.session, people, list(NUMBERS))])
        self.seats: list[tuple[UUID, UUID]] = list(zip(people, booked, strict=True))

    def begun(self) -> "Today":
        """The day is recorded."""
        self.database.link.execute(
            "UPDATE clinic_session SET began_at = starts_at WHERE id = %s", [self.session]
        )
        return self

    def rows(self, words: str) -> dict[UUID, str]:
        """What the database says of each seat."""
        return dict(self.database.link.execute(words, [self.session]).fetchall())

    def states(self) -> dict[UUID, str]:
        """Where each seat stands."""
        return self.rows("SELECT id, state FROM booking WHERE session_id = %s")


def book_all(session: UUID, people: Sequence[UUID], numbers: Sequence[int]) -> list[UUID]:
    made = []
    for person, number in zip(people, numbers, strict=True):
        with transaction():
            made.append(clinics.book(acting(person), session, clinics.Wish(number)).id)
    return made


def at_desk(house: UUID, at: datetime | None = None) -> Context:
    """A nurse of the house, now or at an instant."""
    return entry.context(
        Actor(new_id(), Role.NURSE, frozenset({house}), house), at or entry.moment()
    )


def answer(act: object) -> str:
    """`done`, or why not."""
    try:
        with transaction():
            act()  # type: ignore[operator]
    except Refusal as refusal:
        return refusal.code
    finally:
        db.session.remove()
    return "done"


def unlocked(booking_id: UUID) -> clinics.Booking:
    """A booking as a careless service would read it, and some thinking."""
    found = select(clinics.Booking).where(clinics.Booking.id == booking_id)
    booking = db.session.execute(found).scalar_one()
    time.sleep(0.05)
    return booking


def cancel_all(seats: Sequence[tuple[UUID, UUID]], seed: int, careful: bool = True) -> list[str]:
    """Each person gives the own seat back."""
    dice = random.Random(seed)

    def one(person: UUID, booking_id: UUID) -> None:
        ctx = acting(person)
        booking = clinics.hold(ctx, booking_id) if careful else unlocked(booking_id)
        clinics.cancel(ctx, booking)

    return [paced(dice, careful, lambda s=seat: one(*s)) for seat in seats]  # type: ignore[misc]


def arrive_all(
    house: UUID,
    seats: Sequence[tuple[UUID, UUID]],
    seed: int,
    careful: bool = True,
    at: datetime | None = None,
) -> list[str]:
    """The desk writes down that each is there."""
    dice = random.Random(seed)

    def one(booking_id: UUID) -> None:
        ctx = at_desk(house, at)
        booking = clinics.day.hold_of_day(ctx, booking_id) if careful else unlocked(booking_id)
        clinics.day.note_arrival(ctx, booking)

    return [paced(dice, careful, lambda s=seat: one(s[1])) for seat in seats]  # type: ignore[misc]


def paced(dice: random.Random, careful: bool, act: object) -> str:
    """An act after a moment that the seed names; without care all go in step."""
    time.sleep(dice.uniform(0, 0.004) if careful else 0)
    return answer(act)


@pytest.mark.parametrize("seed", [1, 2])
def test_cancel_and_check_in_have_one_winner(database: Database, seed: int) -> None:
    day = Today(database)
    cancelled, arrived = race(
        database.url,
        either,
        [(cancel_all, day.seats, seed), (arrive_all, database.house, day.seats, seed + 100)],
    )
    states = day.states()
    for (_, booking), a, b in zip(day.seats, cancelled, arrived, strict=True):
        assert sorted((a, b)) == ["done", "illegal-move"]
        assert states[booking] == ("cancelled" if a == "done" else "arrived")
    taken, live, gone = database.load(day.session)
    assert taken == live == gone == arrived.count("done")


def test_without_the_row_locks_both_win(database: Database) -> None:
    """The negative control."""
    database.link.execute("ALTER TABLE booking DROP CONSTRAINT ck_booking_ended")
    day = Today(database)
    cancelled, arrived = race(
        database.url,
        either,
        [(cancel_all, day.seats, 1, False), (arrive_all, database.house, day.seats, 1, False)],
    )
    assert ("done", "done") in zip(cancelled, arrived, strict=True)


def settle_all(at: datetime, careful: bool = True) -> int:
    """The sweep, as the clock at an instant; returns how many seats it settled."""
    if not careful:
        settle_service.hold = lambda _ctx, booking_id: unlocked(booking_id)  # type: ignore[assignment]
        settle_service.AT_ONCE = 1
    done = 0
    while True:
        with transaction():
            found = clinics.day.settle(entry.context(CLOCK, at))
        db.session.remove()
        done += found
        if not found:
            return done


STRIKES = """
SELECT k.booking_id, k.kind FROM booking_strike k JOIN booking b ON b.id = k.booking_id
WHERE b.session_id = %s
"""


def missed_and_there(day: Today, arrived: Sequence[str]) -> int:
    """Of how many it is held against them that they were not there, though the desk saw them."""
    held = day.rows(STRIKES)
    return sum(
        booking in held
        for (_, booking), said in zip(day.seats, arrived, strict=True)
        if said == "done"
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_the_sweep_and_check_in_have_one_winner(database: Database, seed: int) -> None:
    day = Today(database).begun()
    last, over = day.ends - timedelta(seconds=1), day.ends + timedelta(hours=1)
    given = (arrive_all, database.house, day.seats, seed, True, last)
    arrived, *settled = race(database.url, either, [given, *[(settle_all, over)] * 2])
    states, strikes = day.states(), day.rows(STRIKES)
    assert missed_and_there(day, arrived) == 0
    for (_, booking), said in zip(day.seats, arrived, strict=True):
        assert said in {"done", "illegal-move"}
        assert (states[booking] == "missed") == (booking in strikes) == (said == "illegal-move")
    assert sum(settled) >= len(strikes)
    assert race(database.url, settle_all, [(over,)]) == [
        Counter(states.values())["arrived"],
    ]


def test_without_the_row_locks_who_was_there_is_blamed(database: Database) -> None:
    """The negative control."""
    day = Today(database).begun()
    last, over = day.ends - timedelta(seconds=1), day.ends + timedelta(hours=1)
    given = (arrive_all, database.house, day.seats, 1, False, last)
    arrived, _ = race(database.url, either, [given, (settle_all, over, False)])
    assert missed_and_there(day, arrived) > 0


def call_some(house: UUID, session_id: UUID, times: int) -> list[int]:
    """One desk calls, again and again."""
    numbers = []
    for _ in range(times):
        with transaction():
            ctx = at_desk(house)
            session = clinics.day.session_of_day(ctx, session_id)
            numbers.append(clinics.day.call(ctx, session).seat_number)
        db.session.remove()
    return numbers


def test_two_desks_call_nobody_twice(database: Database) -> None:
    day = Today(database).begun()
    (arrived,) = race(database.url, arrive_all, [(database.house, day.seats, 1)])
    assert set(arrived) == {"done"}
    each = len(day.seats) // 2
    called = race(database.url, call_some, [(database.house, day.session, each)] * 2)
    assert sorted(number for some in called for number in some) == list(NUMBERS)


def leave_all(seats: Sequence[tuple[UUID, UUID]]) -> list[str]:
    """People who are there go home: their seats are given back, as when a record is closed."""

    def one(person: UUID) -> None:
        clinics.close(entry.context(CLOCK, entry.moment()), person, Cause.WITHDRAWN)

    return [answer(lambda p=person: one(p)) for person, _ in reversed(seats)]  # type: ignore[misc]


def call_until_empty(house: UUID, session_id: UUID) -> list[int]:
    """One desk calls for as long as somebody waits."""
    numbers: list[int] = []
    while True:
        try:
            numbers += call_some(house, session_id, 1)
        except Refusal:
            db.session.remove()
            return numbers


def test_who_goes_home_is_not_called_and_nobody_waits_for_ever(database: Database) -> None:
    day = Today(database)
    race(database.url, arrive_all, [(database.house, day.seats, 1)])
    given = (leave_all, day.seats)
    calls = (call_until_empty, database.house, day.session)
    left, *called = race(database.url, either, [given, calls, calls])
    assert set(left) == {"done"}
    numbers = [number for some in called for number in some]
    assert len(numbers) == len(set(numbers))
    taken, live, gone = database.load(day.session)
    assert taken == live == gone == 0
