"""When somebody may be reached: tables over ten years, and what holds of every case."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.calendar import SHANGHAI, is_workday, shanghai_date
from backend.messaging.attention_rules import (
    Limits,
    Reminder,
    first_hour,
    has_place,
    leaves_enough,
    minute_of,
    next_instant,
    spread_from,
)

REGION = (time(21), time(7))
EARLY, LATE = UUID(int=7), UUID(int=1)  # their minutes: see below
LIMITS = Limits([REGION], per_day=2, per_week=5)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_everybody_has_one_minute_and_all_minutes_are_used() -> None:
    minutes = Counter(minute_of(UUID(int=n)) for n in range(6000))
    assert set(minutes) == set(range(60))
    assert max(minutes.values()) < 3 * min(minutes.values())
    assert minute_of(EARLY) == minute_of(UUID(int=7))


@pytest.mark.parametrize(
    ("due", "expires", "goes"),
    [
        ("2026-11-23 08:00", None, "own minute"),
        ("2026-11-23 08:00", "2026-11-23 08:00", "at once"),
        ("2026-11-23 08:59", None, "at once"),
        ("2028-02-29 08:00", None, "own minute"),
        ("2026-12-31 20:00", None, "own minute"),
    ],
)
def test_what_is_spread_goes_at_the_persons_minute_and_never_too_late(
    due: str, expires: str | None, goes: str
) -> None:
    person = next(UUID(int=n) for n in range(100) if 5 < minute_of(UUID(int=n)) < 50)
    reminder = Reminder(person, at(due), (expires and at(expires)) or None, spread=True)
    minute = at(due).replace(minute=minute_of(person))
    assert spread_from(at(due), reminder) == (minute if goes == "own minute" else at(due))


@pytest.mark.parametrize(
    ("now", "own", "workdays_only", "goes"),
    [
        ("2026-11-23 08:00", None, False, "2026-11-23 08:00"),
        ("2026-11-23 20:59", None, False, "2026-11-23 20:59"),
        ("2026-11-23 21:00", None, False, "2026-11-24 07:00"),
        ("2026-11-23 06:59", None, False, "2026-11-23 07:00"),
        # One's own hours beside the region's: both hold, in whatever order they follow.
        ("2026-11-23 12:30", (time(12), time(14)), False, "2026-11-23 14:00"),
        ("2026-11-23 07:30", (time(5), time(9)), False, "2026-11-23 09:00"),
        ("2026-11-23 19:30", (time(19), time(22)), False, "2026-11-24 07:00"),
        ("2026-11-23 19:30", (time(19), time(8, 30)), False, "2026-11-24 08:30"),
        # National Day 2026, and the Saturday that is worked for it; Friday night over a weekend.
        ("2026-10-01 08:00", None, True, "2026-10-08 07:00"),
        ("2026-10-10 08:00", None, True, "2026-10-10 08:00"),
        ("2026-11-20 22:00", None, True, "2026-11-23 07:00"),
        # New Year, a leap day on a Tuesday, a year nobody knows the holidays of yet.
        ("2026-12-31 21:30", None, True, "2027-01-04 07:00"),
        ("2028-02-29 10:00", None, True, "2028-02-29 10:00"),
        ("2035-10-02 10:00", None, True, "2035-10-04 07:00"),
    ],
)
def test_the_first_lawful_hour(
    now: str, own: tuple[time, time] | None, workdays_only: bool, goes: str
) -> None:
    reminder = Reminder(EARLY, at(now), workdays_only=workdays_only)
    quiet = [REGION, own] if own else [REGION]
    assert first_hour(at(now), reminder, quiet, is_workday) == at(goes)


def test_what_had_to_wait_for_a_morning_is_spread_over_its_hour() -> None:
    reminder = Reminder(LATE, at("2026-11-23 20:30"), spread=True)
    morning = first_hour(at("2026-11-23 22:00"), reminder, [REGION], is_workday)
    assert morning == at("2026-11-24 07:00") + timedelta(minutes=minute_of(LATE))


@pytest.mark.parametrize(
    ("pushes", "day"),
    [
        ({}, "2026-11-23"),
        ({"2026-11-23": 1}, "2026-11-23"),
        ({"2026-11-23": 2}, "2026-11-24"),
        ({"2026-11-23": 2, "2026-11-24": 2}, "2026-11-25"),
        # Five in seven days: the next when the oldest two are a week ago.
        ({"2026-11-18": 2, "2026-11-19": 2, "2026-11-20": 1}, "2026-11-25"),
        # The clock was set back a day: what was sent tomorrow counts as well.
        ({"2026-11-24": 2, "2026-11-25": 2, "2026-11-26": 1}, "2026-12-01"),
        ({"2026-12-30": 2, "2026-12-31": 2, "2027-01-01": 1}, "2026-11-23"),
    ],
)
def test_the_next_day_with_a_place(pushes: dict[str, int], day: str) -> None:
    counted = {date.fromisoformat(key): number for key, number in pushes.items()}
    reminder = Reminder(EARLY, at("2026-11-23 08:00"))
    found = next_instant(at("2026-11-23 08:00"), reminder, LIMITS, is_workday, counted)
    assert shanghai_date(found) == date.fromisoformat(day)


def _days(first: int, last: int) -> Iterator[date]:
    day = date(first, 1, 1)
    while day.year <= last:
        yield day
        day += timedelta(days=1)


def test_over_ten_years_each_due_item_goes_once_and_at_a_lawful_hour() -> None:
    """Three a day are due, of three sorts, on every day; budgets delay them and lose none."""
    limits = Limits([REGION, (time(12), time(13))], per_day=4, per_week=24)
    sent: Counter[date] = Counter()
    for day in _days(2026, 2036):
        for hour, spread, workdays_only in ((8, True, False), (12, False, False), (22, 0, 1)):
            due = datetime.combine(day, time(hour), SHANGHAI)
            reminder = Reminder(EARLY, due, None, bool(spread), bool(workdays_only))
            goes = next_instant(due, reminder, limits, is_workday, sent)
            local = goes.astimezone(SHANGHAI)
            assert goes >= due
            assert time(7) <= local.time() < time(21)
            assert local.hour != 12
            assert not workdays_only or is_workday(local.date())
            sent[local.date()] += 1
    assert sum(sent.values()) == 3 * len(list(_days(2026, 2036)))
    assert max(sent.values()) == 4
    days = list(_days(2026, 2037))
    sums = [sum(sent[one] for one in days[n : n + 7]) for n in range(len(days) - 7)]
    assert max(sums) <= 24


FIRST = datetime(2026, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 11 * 365 * 24 * 60).map(lambda n: FIRST + timedelta(minutes=n))
CLOCKS = st.times().map(lambda t: t.replace(second=0, microsecond=0))


@given(
    now=INSTANTS,
    ago=st.timedeltas(timedelta(0), timedelta(days=3)),
    own=st.tuples(CLOCKS, CLOCKS).filter(lambda q: leaves_enough([REGION, q])),
    spread=st.booleans(),
    workdays_only=st.booleans(),
    pushes=st.dictionaries(st.integers(-8, 8), st.integers(0, 3), max_size=8),
)
def test_whatever_is_due_goes_lawfully_and_is_stable(
    now: datetime,
    ago: timedelta,
    own: tuple[time, time],
    spread: bool,
    workdays_only: bool,
    pushes: dict[int, int],
) -> None:
    today = shanghai_date(now)
    counted = {today + timedelta(days=n): number for n, number in pushes.items()}
    limits = Limits([REGION, own], per_day=2, per_week=6)
    reminder = Reminder(EARLY, now - ago, None, spread, workdays_only)
    goes = next_instant(now, reminder, limits, is_workday, counted)
    day = shanghai_date(goes)
    assert goes >= now
    assert has_place(day, counted, limits)
    assert not workdays_only or is_workday(day)
    assert next_instant(goes, reminder, limits, is_workday, counted) == goes


def test_some_hours_are_always_left() -> None:
    assert leaves_enough([REGION, (time(8), time(17))])
    assert not leaves_enough([REGION, (time(8), time(18, 1))])
    assert not leaves_enough([REGION, (time(6), time(22))])
