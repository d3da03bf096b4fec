from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.calendar import (
    add_months,
    age_on,
    is_workday,
    next_workday,
    shanghai_date,
)


def span(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@pytest.mark.parametrize(("month", "day"), [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)])
def test_make_up_days_of_2026_are_worked(month: int, day: int) -> None:
    made_up = date(2026, month, day)
    assert made_up.weekday() >= 5
    assert is_workday(made_up)


def test_long_holidays_of_2026_are_not_worked() -> None:
    spring = span(date(2026, 2, 15), date(2026, 2, 23))
    national = span(date(2026, 10, 1), date(2026, 10, 7))
    assert not any(is_workday(day) for day in spring + national)


def test_beyond_the_published_table_weekdays_and_fixed_holidays_decide() -> None:
    rests = [day for day in span(date(2027, 1, 1), date(2027, 12, 31)) if not is_workday(day)]
    on_weekdays = [day for day in rests if day.weekday() < 5]
    assert on_weekdays == [date(2027, 1, 1), date(2027, 10, 1)]
    assert not is_workday(date(2028, 5, 1))
    assert is_workday(date(2003, 12, 31))


def test_an_entered_notice_goes_before_everything() -> None:
    notice = {date(2027, 2, 8): False, date(2027, 2, 14): True, date(2026, 11, 23): False}
    assert not is_workday(date(2027, 2, 8), notice)
    assert is_workday(date(2027, 2, 14), notice)
    assert next_workday(date(2026, 11, 23), notice) == date(2026, 11, 24)


def test_the_next_workday_is_found() -> None:
    assert next_workday(date(2026, 10, 5)) == date(2026, 10, 8)
    assert next_workday(date(2026, 10, 10)) == date(2026, 10, 10)


def test_the_business_day_begins_at_midnight_in_shanghai() -> None:
    assert shanghai_date(datetime(2026, 11, 23, 15, 59, tzinfo=UTC)) == date(2026, 11, 23)
    assert shanghai_date(datetime(2026, 11, 23, 16, 0, tzinfo=UTC)) == date(2026, 11, 24)
    with pytest.raises(ValueError, match="time zone"):
        shanghai_date(datetime(2026, 11, 23))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 11, 23), 3, date(2027, 2, 23)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
    ],
)
def test_months_are_calendar_months_cut_at_their_end(day: date, months: int, then: date) -> None:
    assert add_months(day, months) == then


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(1961, 11, 24), date(2026, 11, 23), 64),
        (date(1961, 11, 24), date(2026, 11, 24), 65),
        (date(2000, 2, 29), date(2001, 2, 28), 0),
        (date(2000, 2, 29), date(2001, 3, 1), 1),
        (date(2000, 2, 29), date(2004, 2, 28), 3),
        (date(2000, 2, 29), date(2004, 2, 29), 4),
        (date(2026, 11, 23), date(2026, 11, 23), 0),
    ],
)
def test_age_is_completed_years(born: date, day: date, age: int) -> None:
    assert age_on(born, day) == age


def test_nobody_has_an_age_before_birth() -> None:
    with pytest.raises(ValueError, match="before the birth"):
        age_on(date(2026, 11, 23), date(2026, 11, 22))


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_no_date_raises(day: date) -> None:
    assert day <= next_workday(day)
    assert is_workday(next_workday(day))
