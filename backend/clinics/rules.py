"""When a seat of a specialist session [专家下沉号源] may be booked or given back."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from backend.kernel.calendar import SHANGHAI


@dataclass(frozen=True, kw_only=True)
class ClinicPolicy:
    """What the region lays down."""

    booking_horizon_days: int
    release_at: time
    min_notice_minutes: int
    cancel_notice_minutes: int
    max_bookings_per_day: int
    max_open_bookings: int


class Window(StrEnum):
    """Where a moment lies in the life of a session's seats."""

    NOT_RELEASED = "not_released"
    OPEN = "open"
    CLOSED = "closed"


def releases_at(starts_at: datetime, policy: ClinicPolicy) -> datetime:
    """Name the instant from which a session can be booked."""
    day = starts_at.astimezone(SHANGHAI).date() - timedelta(days=policy.booking_horizon_days)
    return datetime.combine(day, policy.release_at, SHANGHAI)


def window(starts_at: datetime, at: datetime, policy: ClinicPolicy) -> Window:
    """Tell whether a session that starts then can be booked now."""
    if at < releases_at(starts_at, policy):
        return Window.NOT_RELEASED
    closes_at = starts_at - timedelta(minutes=policy.min_notice_minutes)
    return Window.OPEN if at < closes_at else Window.CLOSED


def may_cancel(starts_at: datetime, at: datetime, policy: ClinicPolicy) -> bool:
    """Tell whether a seat can still be given back without the desk."""
    return at <= starts_at - timedelta(minutes=policy.cancel_notice_minutes)
