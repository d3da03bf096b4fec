"""When somebody may be reached [打扰预算]: pure functions over values, in the days of Shanghai."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from backend.kernel.calendar import SHANGHAI, begins_at, shanghai_date
from backend.messaging.rules import MessagingPolicy, after_quiet

Quiet = tuple[time, time]
Pushes = Mapping[date, int]
IsWorkday = Callable[[date], bool]

WEEK = 7
LEAST_AWAKE_MINUTES = 4 * 60
LOOK_AGAIN = timedelta(minutes=5)
_DAY, _HOUR_MINUTES, _DAY_MINUTES = timedelta(days=1), 60, 24 * 60
_NO_PUSHES: Pushes = {}


@dataclass(frozen=True, kw_only=True)
class AttentionPolicy:
    """What the region lays down; a week is any seven days running.

    `digest_*`: what is due before `digest_until` of a morning and may be told together is, where it
    is at least so many; this is settled so many minutes before the quiet hours end.
    `credit_hours`: for what matters more and is due so soon, a last credit is kept.
    """

    per_day: int
    per_week: int
    staff_per_day: int
    staff_per_week: int
    digest_least: int
    digest_until: time
    digest_ahead_minutes: int
    credit_hours: int

    def __post_init__(self) -> None:
        budgets = ((self.per_day, self.per_week), (self.staff_per_day, self.staff_per_week))
        if not all(1 <= day <= week for day, week in budgets):
            raise ValueError("somebody may be told once a day, and in a week as often as in a day")
        if self.digest_least < 2:
            raise ValueError("one message alone is no digest")


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for one account: the quiet hours, how many a day and in seven days."""

    quiet: Sequence[Quiet]
    per_day: int
    per_week: int


@dataclass(frozen=True, slots=True)
class Reminder:
    """What the hour of one message hangs on; `person`: whose minute it has where it is spread."""

    person: UUID
    due_at: datetime
    expires_at: datetime | None = None
    spread: bool = False
    workdays_only: bool = False

    def is_over(self, at: datetime) -> bool:
        """Whether nothing of it is sent at that instant any more."""
        return self.expires_at is not None and at > self.expires_at


def minute_of(person: UUID) -> int:
    """The minute of the hour at which one person is told what is spread; always the same."""
    return zlib.crc32(person.bytes) % _HOUR_MINUTES


def spread_from(at: datetime, reminder: Reminder) -> datetime:
    """The person's minute of that hour, from `at` on; `at` where that is past or too late."""
    if not reminder.spread:
        return at
    spread = at.replace(minute=minute_of(reminder.person), second=0, microsecond=0)
    return at if spread < at or reminder.is_over(spread) else spread


def first_hour(
    at: datetime, reminder: Reminder, quiet: Sequence[Quiet], is_workday: IsWorkday
) -> datetime:
    """The first instant from `at` on that is lawful, whatever was sent before.

    What comes in a morning because it had to wait is spread over its hour like what is due then.
    """
    at = max(at, reminder.due_at)
    fixed = max(at, spread_from(reminder.due_at, reminder))
    free = _free(fixed, reminder, quiet, is_workday)
    if free == fixed:
        return free
    spread = spread_from(free, reminder)
    return spread if _free(spread, reminder, quiet, is_workday) == spread else free


def _free(
    at: datetime, reminder: Reminder, quiet: Sequence[Quiet], is_workday: IsWorkday
) -> datetime:
    """Outside the quiet hours, and on a working day where it needs one."""
    while True:
        moved = at
        for hours in quiet:
            moved = after_quiet(moved, MessagingPolicy(quiet_hours=hours))
        if reminder.workdays_only and not is_workday(shanghai_date(moved)):
            moved = begins_at(shanghai_date(moved) + _DAY).astimezone(at.tzinfo)
        if moved == at:
            return at
        at = moved


def has_place(day: date, pushes: Pushes, limits: Limits, places: int = 1) -> bool:
    """Whether so many more may be sent that day: no day and no seven days running hold too many."""
    if pushes.get(day, 0) + places > limits.per_day:
        return False
    counts = [pushes.get(day + timedelta(days=n), 0) for n in range(1 - WEEK, WEEK)]
    weeks = (sum(counts[first : first + WEEK]) for first in range(WEEK))
    return all(week + places <= limits.per_week for week in weeks)


def next_instant(
    at: datetime,
    reminder: Reminder,
    limits: Limits,
    is_workday: IsWorkday,
    pushes: Pushes = _NO_PUSHES,
) -> datetime:
    """The first instant from `at` on at which it may go, by the hour and by the budget."""
    moment = first_hour(at, reminder, limits.quiet, is_workday)
    while not has_place(shanghai_date(moment), pushes, limits):
        tomorrow = begins_at(shanghai_date(moment) + _DAY).astimezone(at.tzinfo)
        moment = first_hour(tomorrow, reminder, limits.quiet, is_workday)
    return moment


def leaves_enough(quiet: Sequence[Quiet]) -> bool:
    """Whether some hours of the day are left in which somebody can be reached at all."""
    midnight = datetime(2000, 1, 1, tzinfo=SHANGHAI)
    minutes = (midnight + timedelta(minutes=n) for n in range(_DAY_MINUTES))
    policies = [MessagingPolicy(quiet_hours=hours) for hours in quiet]
    awake = sum(all(after_quiet(at, one) == at for one in policies) for at in minutes)
    return awake >= LEAST_AWAKE_MINUTES
