"""Business dates in China: time zone, workdays with their make-up days, months and ages."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import chinese_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
NO_NOTICE: Mapping[date, bool] = MappingProxyType({})

_DAY = timedelta(days=1)
_SATURDAY = 5
# 全国年节及纪念日放假办法 (2024), the days with a fixed date in the solar calendar. They stand in
# for a State Council notice not published yet; what hangs on the moon is left to `notice`.
_FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})


def shanghai_date(instant: datetime) -> date:
    """Tell which business day an instant falls on."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone has no business date")
    return instant.astimezone(SHANGHAI).date()


def begins_at(day: date) -> datetime:
    """Tell the instant at which a business day begins."""
    return datetime.combine(day, time(), SHANGHAI)


def is_workday(day: date, notice: Mapping[date, bool] = NO_NOTICE) -> bool:
    """Tell workdays [工作日]; `notice` (day → works) holds what an administrator has entered."""
    if day in notice:
        return notice[day]
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # the table ends with the last notice its makers knew
        return day.weekday() < _SATURDAY and (day.month, day.day) not in _FIXED_HOLIDAYS


def is_public_holiday(day: date, notice: Mapping[date, bool] = NO_NOTICE) -> bool:
    """Tell the days that are free for everybody, weekends among them only where they are named."""
    if day in notice:
        return not notice[day]
    try:
        is_off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return (day.month, day.day) in _FIXED_HOLIDAYS
    return bool(is_off and name)


def special_days(year: int) -> Mapping[date, tuple[bool, str]]:
    """The days of a year that the printed table frees or makes up: works, and for what."""
    free = {day: (False, name) for day, name in chinese_calendar.holidays.items()}
    made_up = {day: (True, name) for day, name in chinese_calendar.workdays.items()}
    words = {kind.value: kind.chinese for kind in chinese_calendar.Holiday}
    return {
        day: (works, words[name])
        for day, (works, name) in sorted((free | made_up).items())
        if day.year == year
    }


def next_workday(day: date, notice: Mapping[date, bool] = NO_NOTICE) -> date:
    """Return the day itself if it is worked, else the first workday after it."""
    while not is_workday(day, notice):
        day += _DAY
    return day


def add_months(day: date, months: int) -> date:
    """Move by calendar months; a day that the month lacks becomes its last."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def age_on(born_on: date, day: date) -> int:
    """Count completed years [周岁]; who was born on 29 February grows older on 1 March."""
    if day < born_on:
        raise ValueError(f"{day} lies before the birth on {born_on}")
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
