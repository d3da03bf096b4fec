"""How long an offer lasts, and who may wait for how much: the region's figures."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from backend.clinics.rules import ClinicPolicy, closes_at
from backend.clinics.waiting_models import Reach
from backend.kernel.calendar import SHANGHAI, is_workday
from backend.kernel.figures import BadFigures
from backend.kernel.regions import Region

Workday = Callable[[date], bool]


@dataclass(frozen=True, kw_only=True)
class WaitingPolicy:
    """What the region lays down on waiting lists.

    `phone_minutes` are minutes of working hours. When booking closes in less than `near_hours`, an
    offer ends after `near_minutes`; where less than `least_minutes` are left nobody is asked any
    more. Of one doctor's entries that are live or joined within a week `most_urgent` are urgent.
    `first_seconds`: so long a seat that comes free is theirs who wait, before the public.
    """

    most_entries: int
    most_houses: int
    longest_days: int
    app_minutes: int
    phone_minutes: int
    near_hours: int
    near_minutes: int
    least_minutes: int
    working_hours: tuple[time, time]
    most_lapsed: int
    most_calls: int
    most_urgent: int
    first_seconds: int
    try_again_seconds: int
    sessions_to_judge: int

    def __post_init__(self) -> None:
        counts = [value for value in vars(self).values() if isinstance(value, int)]
        if min(counts) < 1 or self.working_hours[0] >= self.working_hours[1]:
            raise BadFigures("waiting: every figure must be at least 1, hours in order")
        if not self.try_again_seconds < self.first_seconds <= 60:
            raise BadFigures("waiting: whoever became eligible has the seat within 60 seconds")

    @property
    def first(self) -> timedelta:
        """How long those who wait come before the public."""
        return timedelta(seconds=self.first_seconds)

    @property
    def again(self) -> timedelta:
        """After which time somebody who was passed over is tried again for the same session."""
        return timedelta(seconds=self.try_again_seconds)

    @property
    def least(self) -> timedelta:
        """The shortest offer."""
        return timedelta(minutes=self.least_minutes)


def waiting_policy(region: Region) -> WaitingPolicy:
    """The region's policy on waiting lists."""
    return region.section("waiting", WaitingPolicy)


def last_offer_at(starts_at: datetime, clinic: ClinicPolicy, policy: WaitingPolicy) -> datetime:
    """Name the last instant at which a seat of that session can be offered."""
    return closes_at(starts_at, clinic) - policy.least


def offered_until(
    starts_at: datetime,
    heard_at: datetime,
    reach: Reach,
    clinic: ClinicPolicy,
    policy: WaitingPolicy,
    *,
    works: Workday = is_workday,
) -> datetime | None:
    """Tell until when an offer stands, or `None` where there is no time left to ask.

    `heard_at` is when the message goes out, which the quiet hours may put off.
    """
    closes = closes_at(starts_at, clinic)
    if reach is Reach.PHONE:
        opens, ends = _of_working_time(heard_at, closes, policy, works)
    else:
        opens, ends = heard_at, heard_at + _lasts(heard_at, closes, policy.app_minutes, policy)
    until = min(ends, closes)
    return until if until - opens >= policy.least else None


def _lasts(at: datetime, closes: datetime, minutes: int, policy: WaitingPolicy) -> timedelta:
    near = closes - at < timedelta(hours=policy.near_hours)
    return timedelta(minutes=min(minutes, policy.near_minutes) if near else minutes)


def _of_working_time(
    at: datetime, closes: datetime, policy: WaitingPolicy, works: Workday
) -> tuple[datetime, datetime]:
    """When the desk can first call, and when the working minutes of the offer are over."""
    first = left = None
    day = at.astimezone(SHANGHAI).date()
    while True:
        opening, closing = (datetime.combine(day, hour, SHANGHAI) for hour in policy.working_hours)
        opens = max(at, opening)
        if opens >= closes:
            return closes, closes
        if works(day) and opens < closing:
            first = first or opens
            left = _lasts(first, closes, policy.phone_minutes, policy) if left is None else left
            if left <= closing - opens:
                return first, opens + left
            left -= closing - opens
        day += timedelta(days=1)
