"""What we tell people about their bookings; run by the relay, after the fact."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from backend import messaging
from backend.clinics.events import (
    BookingCancelled,
    BookingMade,
    BookingMoved,
    BookingWithdrawn,
    OfferDeclined,
    OfferLapsed,
    SeatOffered,
)
from backend.clinics.models import Booking, BookingOrigin, BookingState, ClinicSession
from backend.kernel.context import Context
from backend.kernel.database import db, held, one
from backend.messaging import MessageKind, To

OFFERS: Mapping[BookingOrigin, MessageKind] = {
    BookingOrigin.DOCTOR: MessageKind.BOOKING_PROPOSED,
    BookingOrigin.WAITING_LIST: MessageKind.SEAT_OFFERED,
    BookingOrigin.RE_OFFER: MessageKind.ALTERNATIVE_OFFERED,
}

MADE: Mapping[BookingOrigin, MessageKind] = {BookingOrigin.LOTTERY: MessageKind.DRAW_WON}


def tell_booked(ctx: Context, event: BookingMade) -> None:
    """Where to be and when; nothing if the seat was given back meanwhile."""
    messaging.withdraw(ctx, event.booking_id, *OFFERS.values(), MessageKind.SESSION_CHANGED)
    made = one(select(Booking.origin).where(Booking.id == event.booking_id))
    kind = MADE.get(made, MessageKind.BOOKING_CONFIRMED)
    if event.moved_from:
        kind = MessageKind.BOOKING_MOVED
    _tell(ctx, event.booking_id, kind, [BookingState.BOOKED])


def tell_offered(ctx: Context, event: SeatOffered) -> None:
    """A seat is kept for the person, to be confirmed; nothing once that was answered."""
    kind = OFFERS.get(BookingOrigin(event.origin))
    if kind is MessageKind.ALTERNATIVE_OFFERED and _stands_in(event.session_id):
        kind = MessageKind.SESSION_CHANGED
    if kind is not None:
        _tell(ctx, event.booking_id, kind, [BookingState.HELD])


def _stands_in(session_id: UUID) -> bool:
    """Whether a session is held in place of another one."""
    found = select(ClinicSession.id).where(ClinicSession.moved_to == session_id)
    return db.session.execute(found.limit(1)).first() is not None


def forget_booked(
    ctx: Context, event: BookingCancelled | BookingMoved | OfferDeclined | OfferLapsed
) -> None:
    """What still waits to be sent about a seat given back is not sent."""
    messaging.withdraw(ctx, event.booking_id)


def tell_withdrawn(ctx: Context, event: BookingWithdrawn) -> None:
    """The session will not be held: look for another one."""
    messaging.withdraw(ctx, event.booking_id)
    _tell(ctx, event.booking_id, MessageKind.SESSION_CANCELLED, [BookingState.WITHDRAWN])


def _tell(
    ctx: Context, booking_id: UUID, kind: MessageKind, while_in: Sequence[BookingState]
) -> None:
    # Held: who gives the seat back meanwhile waits, and then finds the message to withdraw.
    booking = held(select(Booking).where(Booking.id == booking_id))
    if booking.state not in while_in:
        return
    values = {"time": messaging.as_time(booking.starts_at), "place": _house(booking)}
    to, expires = To.resident(booking.resident_id), None
    if kind is MessageKind.SESSION_CANCELLED and booking.starts_at > ctx.at:
        expires = booking.starts_at  # nobody is kept from going once it is past
    messaging.queue(ctx, kind, to, booking.id, kind, values, expires=expires)


def _house(booking: Booking) -> str:
    found = select(ClinicSession).where(ClinicSession.id == booking.session_id)
    return one(found.options(joinedload(ClinicSession.institution))).institution.name
