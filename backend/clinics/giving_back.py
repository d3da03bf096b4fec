"""A seat that comes free again; its callers have asked whether they may, and hold both rows."""

from sqlalchemy import update

from backend.clinics.events import BookingCancelled
from backend.clinics.models import BOOKING_LIFE, Booking, BookingAct, Seat
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.events import record
from backend.kernel.relations import part


def give_back(ctx: Context, booking: Booking) -> None:
    """End a booking and free its seat; raises `IllegalMove` where it has ended before."""
    booking.state = BOOKING_LIFE.after(booking.state, BookingAct.CANCEL)
    booking.ended_at, booking.ended_by_kinship = ctx.at, ctx.by_kinship
    seat = (Seat.session_id == booking.session_id) & (Seat.number == booking.seat_number)
    db.session.execute(update(Seat).where(seat).values(is_free=True))
    part(ctx, [booking.id])
    record(ctx, BookingCancelled(booking.resident_id, booking.id, booking.session_id))
