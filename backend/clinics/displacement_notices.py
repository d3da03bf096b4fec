"""What people who lost a seat are told, and what the desk is; run by the relay."""

from sqlalchemy import select

from backend import messaging
from backend.clinics import queries
from backend.clinics.displacement_events import CallWanted, DisplacedWaiting, DisplacementAnswered
from backend.clinics.displacement_models import Displacement, DisplacementState
from backend.clinics.displacement_rules import cascade_of
from backend.clinics.events import BookingCancelled, BookingMoved, BookingWithdrawn, RoomChanged
from backend.clinics.models import Booking, ClinicSession
from backend.clinics.notices import tell_withdrawn
from backend.clinics.re_offer_service import seek
from backend.kernel.context import Context, Role
from backend.kernel.database import db, one
from backend.messaging import MessageKind, To

# Who serves the desk of a house: its nurses, or its managers where it has none.
DESK = (Role.NURSE, Role.MANAGER)


def re_offer(ctx: Context, event: BookingWithdrawn) -> None:
    """Keep an equivalent seat for who lost one, which tells the person; else say that it is lost.

    What was told of the lost seat and is not sent yet is taken back.
    """
    messaging.withdraw(ctx, event.booking_id)
    found = select(Displacement.id).where(Displacement.booking_id == event.booking_id)
    displacement_id = db.session.execute(found).scalar_one_or_none()
    if displacement_id is None or not seek(ctx, displacement_id):
        tell_withdrawn(ctx, event)


def tell_desk_waiting(ctx: Context, event: DisplacedWaiting | CallWanted) -> None:
    """Somebody who lost a seat has to be called, unless there was an answer meanwhile."""
    row = one(select(Displacement).where(Displacement.id == event.displacement_id))
    if row.state is not DisplacementState.OPEN:
        return
    values = {"time": messaging.as_time(row.opened_at)}
    occasion = event.name
    to, kind = To.on_duty(event.institution_id, *DESK), MessageKind.DISPLACED_WAITING
    messaging.queue(ctx, kind, to, row.id, occasion, values)


def forget_waiting(ctx: Context, event: DisplacementAnswered) -> None:
    """There is an answer: nobody needs to call, nor to hear again that the seat is lost."""
    messaging.withdraw(ctx, event.displacement_id)
    lost = select(Displacement.booking_id).where(Displacement.id == event.displacement_id)
    messaging.withdraw(ctx, one(lost), MessageKind.SESSION_CANCELLED)


def tell_seat_back(ctx: Context, event: BookingCancelled | BookingMoved) -> None:
    """The desk hears at once of a seat given back that is near; of others its list tells."""
    booking = one(select(Booking).where(Booking.id == event.booking_id))
    near = booking.starts_at - cascade_of(ctx.region).tell_desk
    if not near <= ctx.at < booking.starts_at:
        return
    session = one(select(ClinicSession).where(ClinicSession.id == booking.session_id))
    values = {"time": messaging.as_time(booking.starts_at)}
    to, kind = To.on_duty(session.institution_id, *DESK), MessageKind.SEAT_GIVEN_BACK
    messaging.queue(ctx, kind, to, booking.id, kind, values, page=_page(session))


def _page(session: ClinicSession) -> str:
    return f"pages/work/clinic?id={session.id}"


def tell_changed(ctx: Context, event: RoomChanged) -> None:
    """Everybody who has a seat hears that something about the session is new."""
    session = queries.session(ctx, event.session_id)
    kind, occasion = MessageKind.SESSION_CHANGED, event.changed_at.isoformat()
    for booking in queries.live_bookings(session):
        values = {"time": messaging.as_time(booking.starts_at), "place": session.institution.name}
        to = To.resident(booking.resident_id)
        messaging.queue(ctx, kind, to, booking.id, occasion, values)
