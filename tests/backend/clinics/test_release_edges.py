"""The seconds at which seats are released: midnight in Shanghai, holidays, 29 February."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from clinic_builders import a_roster, a_session
from conftest import FixedClock
from people import a_resident, by, by_itself
from sqlalchemy import update

from backend import clinics
from backend.clinics.errors import NotReleased
from backend.clinics.lottery_rules import lottery_of, times
from backend.clinics.rules import Tranche, kept_seats, policy_of, releases_at
from backend.kernel import entry
from backend.kernel.calendar import SHANGHAI
from backend.kernel.database import db

INSTANT = timedelta(microseconds=1)
MIDNIGHT = (Tranche(lead_days=7, at=time(0)), Tranche(lead_days=1, at=time(23, 59, 59)))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


# When the session begins; when its first and its last tranche are released.
EDGES = [
    pytest.param("2026-12-10 09:00", "2026-12-03 07:00", "2026-12-09 19:00", id="plain"),
    pytest.param("2026-12-10 00:00", "2026-12-03 07:00", "2026-12-09 19:00", id="at midnight"),
    pytest.param("2026-12-10 23:59", "2026-12-03 07:00", "2026-12-09 19:00", id="before midnight"),
    pytest.param("2027-01-02 09:00", "2026-12-26 07:00", "2027-01-01 19:00", id="a holiday"),
    pytest.param("2026-10-08 09:00", "2026-10-01 07:00", "2026-10-07 19:00", id="National Day"),
    pytest.param("2028-02-29 09:00", "2028-02-22 07:00", "2028-02-28 19:00", id="29 February"),
    pytest.param("2028-03-07 09:00", "2028-02-29 07:00", "2028-03-06 19:00", id="on it"),
    pytest.param("2027-03-07 09:00", "2027-02-28 07:00", "2027-03-06 19:00", id="in 2027"),
    pytest.param("2028-03-01 09:00", "2028-02-23 07:00", "2028-02-29 19:00", id="after it"),
]


@pytest.mark.parametrize(("begins", "first", "last"), EDGES)
def test_a_tranche_is_released_on_its_calendar_day_in_shanghai(
    app: object, begins: str, first: str, last: str
) -> None:
    kept = kept_seats(at(begins), 20, policy_of(entry.now().region), is_staggered=True)
    opens = [one.releases_at for one in kept if one.quota == "open"]
    assert (opens[0], opens[-1]) == (at(first), at(last))


def test_a_release_at_midnight_is_that_of_shanghai(app: object) -> None:
    policy = replace(policy_of(entry.now().region), tranches=MIDNIGHT, quotas=())
    kept = kept_seats(at("2026-12-10 09:00"), 2, policy, is_staggered=True)
    assert [one.releases_at for one in kept] == [
        datetime(2026, 12, 2, 16, 0, tzinfo=UTC),
        datetime(2026, 12, 9, 15, 59, 59, tzinfo=UTC),
    ]


def staggered(begins: datetime, capacity: int = 3) -> clinics.ClinicSession:
    """As it is generated, without quotas."""
    session = a_session(a_roster(), starts_at=begins, capacity=capacity)
    session.allocation = clinics.Allocation.STAGGERED
    policy = replace(policy_of(entry.now().region), quotas=())
    for number, kept in enumerate(kept_seats(begins, capacity, policy, is_staggered=True), 1):
        seat = (clinics.Seat.session_id == session.id) & (clinics.Seat.number == number)
        db.session.execute(update(clinics.Seat).where(seat).values(releases_at=kept.releases_at))
    return session


@pytest.mark.parametrize(("begins", "first", "last"), EDGES)
def test_nobody_books_a_microsecond_before_a_release_and_the_timetable_names_the_next(
    app: object, clock: FixedClock, begins: str, first: str, last: str
) -> None:
    opens = [at(first), at(first) + timedelta(days=4, hours=5, minutes=30), at(last)]
    clock.at = opens[0] - timedelta(days=1)
    session, told = staggered(at(begins)), []
    for release in opens:
        clock.at = release - INSTANT
        with pytest.raises(NotReleased):
            clinics.book(by(a_resident()), session.id)
        told.append(clinics.public_session(by_itself(), session.id).next_release_at)
        clock.at = release
        assert clinics.public_session(by_itself(), session.id).standing == "bookable"
        assert clinics.book(by(a_resident()), session.id).state == "booked"
    assert told == opens
    assert clinics.public_session(by_itself(), session.id).standing == "full"


@pytest.mark.parametrize(
    ("begins", "opens"),
    [
        ("2026-12-10 09:00", "2026-11-26 07:00"),
        ("2028-02-29 09:00", "2028-02-15 07:00"),
        ("2028-03-14 00:10", "2028-02-29 07:00"),
        ("2026-10-08 23:50", "2026-09-24 07:00"),
    ],
)
def test_an_ordinary_session_opens_two_weeks_before_its_day_in_shanghai(
    app: object, clock: FixedClock, begins: str, opens: str
) -> None:
    assert releases_at(at(begins), policy_of(entry.now().region)) == at(opens)
    clock.at = at(opens) - INSTANT
    session = a_session(starts_at=at(begins))
    with pytest.raises(NotReleased):
        clinics.book(by(a_resident()), session.id)
    clock.at = at(opens)
    assert clinics.book(by(a_resident()), session.id).state == "booked"


@pytest.mark.parametrize(
    ("begins", "opens", "closes"),
    [
        ("2026-12-10 09:00", "2026-11-28 08:00", "2026-12-04 20:00"),
        ("2028-03-06 09:00", "2028-02-23 08:00", "2028-02-29 20:00"),
        ("2028-03-12 00:05", "2028-02-29 08:00", "2028-03-06 20:00"),
        ("2026-10-13 09:00", "2026-10-01 08:00", "2026-10-07 20:00"),
    ],
)
def test_a_draw_is_joined_on_calendar_days_in_shanghai(
    app: object, begins: str, opens: str, closes: str
) -> None:
    policy = lottery_of(entry.now().region)
    found = times(at(begins), at(begins) - timedelta(days=20), policy)
    assert found
    assert (found.opens_at, found.closes_at) == (at(opens), at(closes))


def test_the_day_that_counts_for_a_person_is_that_of_shanghai(
    app: object, clock: FixedClock
) -> None:
    """Ten past midnight there is the day before in UTC."""
    clock.at = at("2026-12-09 12:00")
    session, person = a_session(starts_at=at("2026-12-10 00:10")), a_resident()
    assert clinics.book(by(person), session.id).day.isoformat() == "2026-12-10"
