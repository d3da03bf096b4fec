"""The day of a clinic: who may arrive when, whose turn is next, and what not coming costs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from math import ceil
from statistics import median
from uuid import UUID

from backend.clinics.rules import Strikes
from backend.kernel.calendar import begins_at, shanghai_date
from backend.kernel.regions import Region

LEAST_PACED, LAST_PACED = 3, 8
ROUND_TO = 5
# What is held for everybody at once: nobody is called, who came has been there.
GATHERINGS = frozenset({"lecture", "group"})
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class AttendancePolicy:
    """What the region lays down about the day of a clinic."""

    check_in_minutes: int
    grace_minutes: int
    near: int
    settle_minutes: int
    late_cancel_hours: int
    excused: tuple[str, ...]
    appeal_days: int
    decide_days: int

    @property
    def check_in(self) -> timedelta:
        """How long before a session one may say that one is there."""
        return timedelta(minutes=self.check_in_minutes)

    @property
    def grace(self) -> timedelta:
        """How long after a seat's minutes began its number still counts."""
        return timedelta(minutes=self.grace_minutes)

    @property
    def settle(self) -> timedelta:
        """How long after a session it is said who did not come."""
        return timedelta(minutes=self.settle_minutes)

    @property
    def late_cancel(self) -> timedelta:
        """A seat given back less than this before its minutes counts like one not sat on."""
        return timedelta(hours=self.late_cancel_hours)

    @property
    def appeal(self) -> timedelta:
        """How long what was noted can be explained."""
        return timedelta(days=self.appeal_days)

    @property
    def decide(self) -> timedelta:
        """How long the house may take to answer; then it no longer counts."""
        return timedelta(days=self.decide_days)


def attendance_of(region: Region) -> AttendancePolicy:
    """The region's policy on the day of a clinic."""
    return region.section("attendance", AttendancePolicy)


class Doors(StrEnum):
    """Whether one may say now that one is there."""

    EARLY = "early"
    OPEN = "open"
    OVER = "over"


def doors(starts_at: datetime, ends_at: datetime, at: datetime, policy: AttendancePolicy) -> Doors:
    """Tell whether who has a seat of these hours may check in."""
    if at < starts_at - policy.check_in:
        return Doors.EARLY
    return Doors.OPEN if at < ends_at else Doors.OVER


def is_late(seat_starts_at: datetime, arrived_at: datetime, policy: AttendancePolicy) -> bool:
    """Tell whether somebody came after the minutes of grace of the seat."""
    return arrived_at > seat_starts_at + policy.grace


def correctable_until(ends_at: datetime, policy: AttendancePolicy) -> datetime:
    """Name the instant until which the house can say that somebody was there after all.

    The end of the day, in Shanghai, on which the session was settled.
    """
    return begins_at(shanghai_date(ends_at + policy.settle) + timedelta(days=1))


def is_late_cancel(seat_starts_at: datetime, at: datetime, policy: AttendancePolicy) -> bool:
    """Tell whether a seat is given back too late for others to use it well."""
    return at > seat_starts_at - policy.late_cancel


def rests_until(noted_at: Collection[datetime], at: datetime, strikes: Strikes) -> datetime | None:
    """Name until when online booking rests; `None` where it does not."""
    counting = [one for one in noted_at if one > at - strikes.window]
    if len(counting) < strikes.most:
        return None
    until = max(counting) + strikes.rest
    return until if until > at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A seat of the day: whose minutes it is, and where its person stands in the line.

    `place` is the number after which somebody is called: the own one for who came in time, the
    highest of those present for who came late or was not there when called.
    """

    booking_id: UUID
    number: int
    starts_at: datetime
    ends_at: datetime
    is_here: bool = False
    place: int | None = None
    is_behind: bool = False
    since: datetime | None = None
    called_at: datetime | None = None
    seen_at: datetime | None = None

    @property
    def is_waiting(self) -> bool:
        """There, and not called yet."""
        return self.is_here and self.seen_at is None and self.called_at is None

    @property
    def is_called(self) -> bool:
        """Called, and not seen yet."""
        return self.is_here and self.seen_at is None and self.called_at is not None

    @property
    def turn(self) -> tuple[int, bool, float, int]:
        """What the line is ordered by."""
        place = self.number if self.place is None else self.place
        return place, self.is_behind, self.since.timestamp() if self.since else 0, self.number


def line(spots: Sequence[Spot]) -> list[Spot]:
    """Who is there and waits, the next one first."""
    return sorted((spot for spot in spots if spot.is_waiting), key=lambda spot: spot.turn)


def called(spots: Sequence[Spot]) -> list[Spot]:
    """Who was called and is not through, the last one first."""
    inside = [(spot.called_at, spot) for spot in spots if spot.is_called and spot.called_at]
    return [spot for _, spot in sorted(inside, key=lambda each: each[0], reverse=True)]


def behind(own: int, spots: Sequence[Spot]) -> int:
    """Name the place behind everybody who is waiting now."""
    return max([own, *(spot.turn[0] for spot in spots if spot.is_waiting)])


@dataclass(frozen=True, slots=True)
class Pace:
    """How long one person takes, and whether that was seen today or is only planned."""

    each: timedelta
    is_real: bool


def pace(spots: Sequence[Spot]) -> Pace:
    """Measure the pace: the median of the last gaps between people seen, else a seat's minutes."""
    seen = sorted(spot.seen_at for spot in spots if spot.seen_at is not None)[-LAST_PACED:]
    if len(seen) >= LEAST_PACED:
        gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(seen)]
        return Pace(max(timedelta(seconds=median(gaps)), _MINUTE), is_real=True)
    lengths = [(spot.ends_at - spot.starts_at).total_seconds() for spot in spots] or [0]
    return Pace(max(timedelta(seconds=median(lengths)), _MINUTE), is_real=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What is before somebody in the line.

    `here`: waiting or called before; `expected`: with a smaller number, not there yet and still
    in time. Minutes are rounded; `None` where nothing honest can be said.
    """

    here: int
    expected: int
    about: int | None
    least: int | None
    most: int | None
    is_real: bool


def ahead(  # noqa: PLR0917 — one judgement's whole matter
    own: Spot,
    spots: Sequence[Spot],
    at: datetime,
    begins: datetime,
    has_begun: bool,
    policy: AttendancePolicy,
) -> Ahead:
    """Judge how long somebody still waits, by the pace of today or else of the plan."""
    here = sum(spot.turn < own.turn for spot in line(spots)) + len(called(spots))
    expected = sum(
        not spot.is_here
        and spot.seen_at is None
        and spot.number < own.turn[0]
        and not is_late(spot.starts_at, at, policy)
        for spot in spots
    )
    if not has_begun and at > begins + policy.grace:
        return Ahead(here=here, expected=expected, about=None, least=None, most=None, is_real=False)
    of_one = pace(spots)
    until = max(begins - at, timedelta()) if not has_begun else timedelta()
    spread = (0.7, 1.3) if of_one.is_real else (0.5, 1.5)
    return Ahead(
        here=here,
        expected=expected,
        about=_minutes(until + here * of_one.each),
        least=_minutes(until + here * of_one.each * spread[0]),
        most=_minutes(until + (here + expected) * of_one.each * spread[1]),
        is_real=of_one.is_real,
    )


def _minutes(span: timedelta) -> int:
    """Whole fives of minutes above ten, whole minutes below."""
    minutes = ceil(span / _MINUTE)
    return minutes if minutes <= 2 * ROUND_TO else ROUND_TO * round(minutes / ROUND_TO)


def nearest(spots: Sequence[Spot], most: int) -> list[Spot]:
    """Name those who have so few before them that they should come to the door."""
    inside = len(called(spots))
    return [spot for place, spot in enumerate(line(spots)) if place + inside <= most]


def settled_from(ends_at: datetime, policy: AttendancePolicy) -> datetime:
    """Name the instant from which it is said who did not come."""
    return ends_at + policy.settle


def counts(origin: str, policy: AttendancePolicy) -> bool:
    """Tell whether not sitting on a seat that came about so is held against anybody."""
    return origin not in policy.excused
