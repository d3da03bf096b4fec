"""What becomes of a seat that is kept for somebody: confirmed, declined, run out."""

from uuid import UUID

from sqlalchemy import select

from backend.clinics import policy, queries
from backend.clinics.displacement_models import DisplacementAct
from backend.clinics.displacing import follow
from backend.clinics.errors import OfferOver
from backend.clinics.giving_back import give_back, hold_sessions
from backend.clinics.models import (
    BOOKING_LIFE,
    Booking,
    BookingAct,
    BookingState,
)
from backend.clinics.offering import take
from backend.clinics.queries import Appointment
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.policy import admitted, by_clock, permitted

AT_ONCE = 100


@permitted(policy.own_booking)
def confirm(ctx: Context, booking: Booking) -> Appointment:
    """Take what is held for oneself; raises `IllegalMove`, `OfferOver`."""
    state = BOOKING_LIFE.after(booking.state, BookingAct.CONFIRM)
    if booking.held_until is None or booking.held_until <= ctx.at:
        raise OfferOver
    take(ctx, booking, state)
    follow(ctx, booking, DisplacementAct.ACCEPT)
    return queries.find(ctx, booking.id)


@permitted(policy.own_booking)
def decline(ctx: Context, booking: Booking) -> Appointment:
    """Leave what is held to others; raises `IllegalMove`."""
    give_back(ctx, booking, BookingAct.DECLINE)
    return queries.find(ctx, booking.id)


@admitted(by_clock)
def lapse(ctx: Context) -> int:
    """Free up to a hundred seats whose offers have run out; returns how many."""
    over = (Booking.state == BookingState.HELD) & (Booking.held_until <= ctx.at)
    found = select(Booking.id, Booking.session_id, Booking.seat_number).where(over)
    oldest = db.session.execute(found.order_by(Booking.held_until).limit(AT_ONCE)).all()
    # In the order in which whoever closes a session locks its seats.
    in_order = sorted(oldest, key=lambda row: (row.session_id, row.seat_number))
    lapsed = [booking for row in in_order if (booking := _lapsed(ctx, row.id))]
    hold_sessions(booking.session_id for booking in lapsed)
    return len(lapsed)


def _lapsed(ctx: Context, booking_id: UUID) -> Booking | None:
    """The one whose end it was: another process, or the person, may have been first."""
    booking = queries.hold(ctx, booking_id)
    if booking.state is not BookingState.HELD:
        return None
    give_back(ctx, booking, BookingAct.LAPSE)
    return booking
