"""What changed today at the desk of a house: seats given back and taken away."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, contains_eager

from backend.clinics import policy
from backend.clinics.models import Booking, BookingState, ClinicSession
from backend.clinics.queries import instant
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted, page

CHANGES = (BookingState.CANCELLED, BookingState.MOVED, BookingState.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Change:
    """A seat that somebody had until then; who, the desk need not know."""

    booking_id: UUID
    at: datetime | None
    state: BookingState
    session_id: UUID
    specialty: str
    room: str
    seat_number: int
    starts_at: datetime


def changes(ctx: Context, wanted: Wanted) -> Page[Change]:
    """The seats of the house's sessions to come that were given back today, the latest first."""
    midnight = instant(ctx.today, time())
    here = policy.sessions_of_desk(ctx) & (ClinicSession.starts_at >= midnight)
    today = Booking.state.in_(CHANGES) & (Booking.ended_at >= midnight)
    found = select(Booking).join(Booking.session).where(here, today)
    keys: list[InstrumentedAttribute[Any]] = [Booking.ended_at, Booking.id]
    whole = found.options(contains_eager(Booking.session))
    rows = page(whole, keys, wanted, newest_first=True)
    return Page([_change(booking) for booking in rows.items], rows.next)


def _change(booking: Booking) -> Change:
    session = booking.session
    return Change(
        booking.id,
        booking.ended_at,
        booking.state,
        session.id,
        session.specialty,
        session.room,
        booking.seat_number,
        booking.starts_at,
    )
