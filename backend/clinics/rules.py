"""When a seat of a specialist session [专家下沉号源] may be booked or given back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise

from backend.kernel.calendar import SHANGHAI
from backend.kernel.regions import Region


@dataclass(frozen=True, kw_only=True)
class Strikes:
    """When seats that nobody sat on rest a person's online booking, and for how long."""

    most: int
    window_days: int
    rest_days: int

    @property
    def window(self) -> timedelta:
        """How far back they count."""
        return timedelta(days=self.window_days)

    @property
    def rest(self) -> timedelta:
        """How long after the last one."""
        return timedelta(days=self.rest_days)


@dataclass(frozen=True, kw_only=True)
class QuotaRule:
    """Which part of a session's seats is kept for whom, from when, and until when.

    `flows_hours` before the session what is left of it is everybody's.
    """

    quota: str
    percent: int
    lead_days: int
    at: time
    flows_hours: int


@dataclass(frozen=True, kw_only=True)
class Tranche:
    """When one part of the ordinary seats of a staggered session is released."""

    lead_days: int
    at: time


@dataclass(frozen=True, kw_only=True)
class Price:
    """What an expert of this title costs, and the percentages that a person pays oneself.

    Here in the community, and at the hospital [医保报销差别]; the first that fits counts, an empty
    title fits everybody.
    """

    title: str
    fee_yuan: int
    here_percent: int
    hospital_percent: int

    @property
    def here_fen(self) -> int:
        """What is left to pay here, in fen."""
        return self.fee_yuan * self.here_percent

    @property
    def hospital_fen(self) -> int:
        """What would be left to pay at the hospital, in fen."""
        return self.fee_yuan * self.hospital_percent


@dataclass(frozen=True, slots=True)
class Kept:
    """For whom a seat is kept; `None`: from its session's release, and for ever."""

    quota: str = "open"
    releases_at: datetime | None = None
    flows_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ClinicPolicy:
    """What the region lays down."""

    booking_horizon_days: int
    release_at: time
    min_notice_minutes: int
    cancel_notice_minutes: int
    max_bookings_per_day: int
    max_open_bookings: int
    record_lead_hours: int
    record_window_hours: int
    hold_minutes: int
    proposal_hours: int
    most_proposals: int
    most_returns: int
    return_delay_minutes: tuple[int, int]
    strikes: Strikes
    quotas: tuple[QuotaRule, ...]
    tranches: tuple[Tranche, ...]
    prices: tuple[Price, ...]

    @property
    def notice(self) -> timedelta:
        """How long before a session booking closes."""
        return timedelta(minutes=self.min_notice_minutes)

    @property
    def hold(self) -> timedelta:
        """How long a seat that somebody looks at is kept."""
        return timedelta(minutes=self.hold_minutes)

    @property
    def record_lead(self) -> timedelta:
        """How long before a session its expert may see whom it is for."""
        return timedelta(hours=self.record_lead_hours)

    @property
    def proposal(self) -> timedelta:
        """How long a seat that a family doctor keeps waits for the person's word."""
        return timedelta(hours=self.proposal_hours)

    @property
    def record_window(self) -> timedelta:
        """How long after a session its expert may still see whom it was for."""
        return timedelta(hours=self.record_window_hours)


def policy_of(region: Region) -> ClinicPolicy:
    """The region's policy on clinics."""
    return region.section("clinics", ClinicPolicy)


class Window(StrEnum):
    """Where a moment lies in the life of a session's seats."""

    NOT_RELEASED = "not_released"
    OPEN = "open"
    CLOSED = "closed"


class Standing(StrEnum):
    """What a session is to somebody who wants a seat now."""

    BOOKABLE = "bookable"
    FULL = "full"
    NOT_RELEASED = "not_released"
    CLOSED = "closed"
    CANCELLED = "cancelled"


def releases_at(starts_at: datetime, policy: ClinicPolicy) -> datetime:
    """Name the instant from which a session can be booked."""
    day = starts_at.astimezone(SHANGHAI).date() - timedelta(days=policy.booking_horizon_days)
    return datetime.combine(day, policy.release_at, SHANGHAI)


def price_of(title: str, policy: ClinicPolicy) -> Price | None:
    """What an expert with this title costs here; `None` where the region does not say."""
    return next((price for price in policy.prices if price.title in title), None)


def kept_seats(
    starts_at: datetime,
    capacity: int,
    policy: ClinicPolicy,
    *,
    is_staggered: bool = False,
    is_drawn: bool = False,
    counts: Mapping[str, int] | None = None,
) -> list[Kept]:
    """Tell for whom each seat is kept, by number: narrow quotas first, ordinary seats after.

    `counts` are seats by quota in place of the region's shares. The ordinary seats of a staggered
    session are shared out among the region's tranches; of one that is drawn they are nobody's by
    booking before the draw, whose classes take the place of a quota for contracts.
    """
    narrow = [
        Kept(rule.quota, _before(starts_at, rule), starts_at - timedelta(hours=rule.flows_hours))
        for rule in policy.quotas
        if not (is_drawn and rule.quota == "signed")
        for _ in range(
            capacity * rule.percent // 100 if counts is None else counts.get(rule.quota, 0)
        )
    ]
    ordinary = capacity - len(narrow)
    tranches = policy.tranches if is_staggered else ()
    at_once = starts_at if is_drawn else None
    released: list[datetime | None] = [_before(starts_at, each) for each in tranches] or [at_once]
    return narrow + [
        Kept(releases_at=released[n * len(released) // ordinary]) for n in range(ordinary)
    ]


def _before(starts_at: datetime, rule: QuotaRule | Tranche) -> datetime:
    day = starts_at.astimezone(SHANGHAI).date() - timedelta(days=rule.lead_days)
    return datetime.combine(day, rule.at, SHANGHAI)


def closes_at(starts_at: datetime, policy: ClinicPolicy) -> datetime:
    """Name the instant from which a session can no longer be booked."""
    return starts_at - policy.notice


def window(starts_at: datetime, at: datetime, policy: ClinicPolicy) -> Window:
    """Tell whether a session that starts then can be booked now."""
    if at < releases_at(starts_at, policy):
        return Window.NOT_RELEASED
    return Window.OPEN if at < closes_at(starts_at, policy) else Window.CLOSED


def may_cancel(starts_at: datetime, at: datetime, policy: ClinicPolicy) -> bool:
    """Tell whether a seat can still be given back without the desk."""
    return at <= starts_at - timedelta(minutes=policy.cancel_notice_minutes)


def fits(begins: time, ends: time, capacity: int) -> bool:
    """Tell whether each seat has at least one minute."""
    return 0 < capacity <= _minutes(ends) - _minutes(begins)


def seat_windows(
    starts_at: datetime, ends_at: datetime, capacity: int
) -> Iterator[tuple[int, datetime, datetime]]:
    """Number the seats from 1 and share the session's whole minutes out among them."""
    minutes = int((ends_at - starts_at).total_seconds()) // 60
    marks = [starts_at + timedelta(minutes=minutes * n // capacity) for n in range(capacity + 1)]
    return ((n, begin, end) for n, (begin, end) in enumerate(pairwise(marks), 1))


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
