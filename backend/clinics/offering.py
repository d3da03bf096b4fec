"""Seats that are kept for somebody: taken for them, and made theirs.

Its callers have asked whether they may.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from backend.clinics.claim import Manner, Wish, claim
from backend.clinics.events import BookingMade, SeatOffered
from backend.clinics.models import Booking, BookingAct, BookingState, ClinicSession
from backend.clinics.rules import policy_of
from backend.clinics.waiting_life import settle
from backend.kernel import sensitive
from backend.kernel.context import Context
from backend.kernel.database import one
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.relations import Kind, relate
from backend.kernel.sensitive import Traits


def offer(ctx: Context, session_id: UUID, manner: Manner, wish: Wish = Wish()) -> tuple[UUID, Any]:  # noqa: B008
    """Keep a seat for somebody until `manner.until`.

    Returns the booking's id and the claim's row with the seat; raises what `claim` raises.
    """
    booking_id = new_id()
    row = claim(ctx, booking_id, session_id, wish, policy_of(ctx.region), manner)
    sensitive.mark(ctx, manner.person, [booking_id], Traits(specialty=row.specialty))
    record(ctx, SeatOffered(manner.person, booking_id, session_id, manner.origin))
    return booking_id, row


def book_for(ctx: Context, session_id: UUID, manner: Manner, wish: Wish = Wish()) -> UUID:  # noqa: B008
    """Book a seat for somebody outright; returns the booking's id, raises what `claim` raises."""
    booking_id = new_id()
    row = claim(ctx, booking_id, session_id, wish, policy_of(ctx.region), manner)
    sensitive.mark(ctx, manner.person, [booking_id], Traits(specialty=row.specialty))
    record(ctx, BookingMade(manner.person, booking_id, session_id))
    return booking_id


def take(ctx: Context, booking: Booking, state: BookingState) -> None:
    """Make a held booking, which the caller holds locked, a real one."""
    session = one(select(ClinicSession).where(ClinicSession.id == booking.session_id))
    region = policy_of(ctx.region)
    booking.state, booking.booked_at, booking.by_kinship = state, ctx.at, ctx.by_kinship
    relate(
        ctx,
        booking.resident_id,
        session.expert_id,
        Kind.BOOKED,
        source_id=booking.id,
        since=max(ctx.at, session.starts_at - region.record_lead),
        until=session.ends_at + region.record_window,
    )
    settle(ctx, booking, BookingAct.CONFIRM)
    record(ctx, BookingMade(booking.resident_id, booking.id, booking.session_id))
