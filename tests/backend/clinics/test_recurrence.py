"""Rules of recurrence: which are understood, which are refused and why, and on which days."""

from datetime import date, datetime, time, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from backend.clinics.recurrence import CODES, BadRule, from_words, parse, weekly


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("FREQ=WEEKLY;BYDAY=WE", "FREQ=WEEKLY;BYDAY=WE"),
        ("rrule:freq=weekly;interval=2;byday=fr,we", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,FR"),
        ("FREQ=MONTHLY;BYDAY=-1FR,1TU", "FREQ=MONTHLY;BYDAY=1TU,-1FR"),
        ("周三", "FREQ=WEEKLY;BYDAY=WE"),
        ("每周一、三", "FREQ=WEEKLY;BYDAY=MO,WE"),
        ("每周三、周五", "FREQ=WEEKLY;BYDAY=WE,FR"),
        ("每两周周三", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE"),
        ("星期天", "FREQ=WEEKLY;BYDAY=SU"),
        ("每月第一个周二", "FREQ=MONTHLY;BYDAY=1TU"),
        ("每2个月最后一个周五", "FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR"),
    ],
)
def test_a_rule_and_what_people_say_for_it(said: str, rule: str) -> None:
    found = from_words(said)
    assert str(found) == rule
    assert from_words(found.words) == found


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("FREQ=DAILY", "每周"),
        ("FREQ=WEEKLY;BYDAY=1MO", "周几"),
        ("FREQ=MONTHLY;BYDAY=MO", "第几个"),
        ("FREQ=MONTHLY;BYDAY=6MO", "第几个"),
        ("FREQ=WEEKLY;BYDAY=MO,MO", "周几"),
        ("FREQ=WEEKLY;BYDAY=MO;COUNT=3", "结束日期"),
        ("FREQ=WEEKLY;BYDAY=MO;UNTIL=20270101", "结束日期"),
        ("FREQ=WEEKLY;INTERVAL=0;BYDAY=MO", "间隔"),
        ("FREQ=WEEKLY;INTERVAL=13;BYDAY=MO", "间隔"),
        ("FREQ=WEEKLY;INTERVAL=٣;BYDAY=MO", "间隔"),
        ("FREQ=WEEKLY;FREQ=MONTHLY;BYDAY=MO", "写法"),
        ("FREQ=WEEKLY;BYDAY=", "写法"),
        ("每天", "写法"),
        ("每周第一个周二", "写法"),
        ("隔三差五", "写法"),
        ("", "写法"),
    ],
)
def test_what_no_roster_follows_is_refused_in_chinese(said: str, told: str) -> None:
    with pytest.raises(BadRule, match=told):
        from_words(said)


def test_a_rule_without_a_day_means_the_one_it_is_listed_under() -> None:
    assert parse("FREQ=WEEKLY", 3) == weekly(3)
    with pytest.raises(BadRule):
        parse("FREQ=WEEKLY")


def test_the_last_day_of_february_in_a_leap_year_is_a_day_like_others() -> None:
    tuesdays = parse("FREQ=WEEKLY;BYDAY=TU").between(
        date(2026, 11, 24), date(2028, 2, 28), date(2028, 3, 1)
    )
    assert list(tuesdays) == [date(2028, 2, 29)]
    last = parse("FREQ=MONTHLY;BYDAY=5TU").between(
        date(2026, 11, 24), date(2028, 2, 1), date(2028, 3, 31)
    )
    assert list(last) == [date(2028, 2, 29)]


def test_every_other_week_goes_on_over_the_end_of_the_year() -> None:
    found = parse("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR").between(
        date(2026, 11, 23), date(2026, 12, 20), date(2027, 1, 31)
    )
    assert list(found) == [date(2026, 12, 25), date(2027, 1, 8), date(2027, 1, 22)]


rules = st.builds(
    lambda interval, days: f"FREQ=WEEKLY;INTERVAL={interval};BYDAY={','.join(days)}",
    st.integers(1, 12),
    st.lists(st.sampled_from(CODES), min_size=1, max_size=7, unique=True),
) | st.builds(
    lambda interval, days: f"FREQ=MONTHLY;INTERVAL={interval};BYDAY={','.join(days)}",
    st.integers(1, 12),
    st.lists(
        st.builds(lambda nth, day: f"{nth}{day}", st.sampled_from([-1, 1, 2, 3, 4, 5]),
                  st.sampled_from(CODES)),
        min_size=1, max_size=4, unique=True,
    ),
)  # fmt: skip


@given(rules, st.dates(date(2024, 1, 1), date(2028, 12, 31)), st.integers(-30, 900))
def test_the_days_are_those_of_the_standard(rule: str, origin: date, later: int) -> None:
    """Counted from near the window, they are what a full count from the first day gives."""
    first = origin + timedelta(later)
    last = first + timedelta(60)
    start = datetime.combine(origin, time())
    full = rrulestr(rule, dtstart=start, cache=False)
    days = full.between(start - timedelta(1), datetime.combine(last, time()), inc=True)
    wanted = [at.date() for at in days if first <= at.date() <= last]
    found = parse(rule)
    assert list(found.between(origin, first, last)) == wanted
    assert from_words(found.words) == found
