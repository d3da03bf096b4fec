"""What is told of the day of a clinic; run by the relay, after the fact."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from backend import messaging
from backend.clinics.attendance_events import (
    PersonCalled,
    PersonPassedOver,
    PersonSeen,
    StrikeAppealed,
    StrikeDecided,
    StrikeNoted,
)
from backend.clinics.attendance_queries import spots
from backend.clinics.attendance_rules import attendance_of, nearest
from backend.clinics.models import Booking, BookingState, ClinicSession
from backend.clinics.strike_models import Strike, StrikeKind, StrikeState
from backend.kernel.context import Context, Role
from backend.kernel.database import held, one
from backend.messaging import MessageKind, To

Moved = PersonCalled | PersonSeen | PersonPassedOver


def tell_near(ctx: Context, event: Moved) -> None:
    """Tell those who have only a few before them, once each, while they still wait."""
    for spot in nearest(spots(event.session_id), attendance_of(ctx.region).near):
        booking = held(select(Booking).where(Booking.id == spot.booking_id))
        if booking.state is BookingState.ARRIVED:
            _tell(
                ctx, booking, MessageKind.QUEUE_NEAR, booking.id, To.resident(booking.resident_id)
            )


def tell_noted(ctx: Context, event: StrikeNoted) -> None:
    """Tell of a seat that was not sat on, and that it can be explained."""
    strike = held(select(Strike).where(Strike.id == event.strike_id))
    if strike.kind is StrikeKind.NO_SHOW and strike.state is StrikeState.STANDING:
        _tell_of(ctx, strike, MessageKind.NO_SHOW_NOTED, To.resident(strike.resident_id))


def ask_house(ctx: Context, event: StrikeAppealed) -> None:
    """Tell the managers of the house that somebody explains; their colleagues see the list."""
    strike = held(select(Strike).where(Strike.id == event.strike_id))
    if strike.state is not StrikeState.APPEALED:
        return
    house = _seat(strike.booking_id).session.institution_id
    kind, to = MessageKind.APPEAL_TO_DECIDE, To.on_duty(house, Role.MANAGER)
    messaging.queue(ctx, kind, to, strike.id, kind, {"time": messaging.as_time(ctx.at)})


def tell_decided(ctx: Context, event: StrikeDecided) -> None:
    """Tell the person what came of it; nothing more is asked of the house, nothing noted told."""
    strike = held(select(Strike).where(Strike.id == event.strike_id))
    messaging.withdraw(ctx, strike.id, MessageKind.APPEAL_TO_DECIDE)
    if strike.state is StrikeState.LIFTED:
        messaging.withdraw(ctx, strike.booking_id, MessageKind.NO_SHOW_NOTED)
    if strike.appealed_at is not None:
        _tell_of(ctx, strike, MessageKind.APPEAL_ANSWERED, To.resident(strike.resident_id))


def _tell_of(ctx: Context, strike: Strike, kind: MessageKind, to: To) -> None:
    _tell(ctx, _seat(strike.booking_id), kind, strike.booking_id, to)


def _tell(ctx: Context, booking: Booking, kind: MessageKind, subject: UUID, to: To) -> None:
    house = _seat(booking.id).session.institution.name
    values = {"time": messaging.as_time(booking.starts_at), "place": house}
    messaging.queue(ctx, kind, to, subject, occasion=kind, values=values)


def _seat(booking_id: UUID) -> Booking:
    with_house = joinedload(Booking.session).joinedload(ClinicSession.institution)
    fresh = select(Booking).where(Booking.id == booking_id).options(with_house)
    return one(fresh.execution_options(populate_existing=True))
