"""Which days are worked: the published table, and before it what managers have entered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from backend.kernel import calendar
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.network.models import CalendarDay


@dataclass(frozen=True, slots=True)
class Workdays:
    """The calendar of the region as it is known now; read once, asked often."""

    notice: Mapping[date, bool] = field(default_factory=dict)

    def is_workday(self, day: date) -> bool:
        """Whether the day is worked [工作日]."""
        return calendar.is_workday(day, self.notice)

    def is_public_holiday(self, day: date) -> bool:
        """Whether everybody is free that day."""
        return calendar.is_public_holiday(day, self.notice)

    def next_workday(self, day: date) -> date:
        """The day itself if it is worked, else the first workday after it."""
        return calendar.next_workday(day, self.notice)


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day that is not what its weekday says, and who says so."""

    day: date
    works: bool
    name: str
    is_entered: bool


def workdays(_ctx: Context) -> Workdays:
    """The calendar with every entered day."""
    found = db.session.execute(select(CalendarDay.day, CalendarDay.works))
    return Workdays({row.day: row.works for row in found})


def special_days(_ctx: Context, year: int) -> Sequence[SpecialDay]:
    """The free and made-up days of a year, by day; what was entered stands for what was printed."""
    printed = calendar.special_days(year)
    found = {day: SpecialDay(day, *told, False) for day, told in printed.items()}
    first, last = date(year, 1, 1), date(year, 12, 31)
    entered = select(CalendarDay).where(CalendarDay.day.between(first, last))
    for row in db.session.execute(entered).scalars():
        found[row.day] = SpecialDay(row.day, row.works, row.name, True)
    return [found[day] for day in sorted(found)]
