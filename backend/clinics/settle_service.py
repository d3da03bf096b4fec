"""After a session: who did not come, and of whom nothing is known."""

from uuid import UUID

from sqlalchemy import select, update

from backend.clinics import strikes
from backend.clinics.attendance_events import BookingMissed, BookingUnrecorded, PersonSeen
from backend.clinics.attendance_queries import TO_COME, hold
from backend.clinics.attendance_rules import GATHERINGS, attendance_of
from backend.clinics.models import (
    BOOKING_LIFE,
    Booking,
    BookingAct,
    BookingState,
    ClinicSession,
)
from backend.clinics.strike_models import StrikeKind
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.events import record
from backend.kernel.policy import admitted, by_clock

AT_ONCE = 100
LIVE = Booking.ended_at.is_(None)  # said twice, so that the index of live seats serves
EVENTS = {
    BookingState.MISSED: BookingMissed,
    BookingState.UNRECORDED: BookingUnrecorded,
    BookingState.SEEN: PersonSeen,
}


@admitted(by_clock)
def settle(ctx: Context) -> int:
    """Say what became of up to a hundred seats of sessions that are over; returns how many.

    Who was not there has missed it only where the day was begun: nobody is blamed for a clinic
    that nobody recorded. Who was there and never called is not blamed either.
    """
    over = ClinicSession.ends_at <= ctx.at - attendance_of(ctx.region).settle
    due = ClinicSession.settled_at.is_(None) & over
    found = (
        select(Booking.id, ClinicSession)
        .join(Booking.session)
        .where(due, LIVE, Booking.state.in_(TO_COME))
        .order_by(ClinicSession.ends_at, Booking.session_id, Booking.seat_number)
        .limit(AT_ONCE)
    )
    rows = db.session.execute(found).all()
    done = sum(_settled(ctx, booking_id, session) for booking_id, session in rows)
    if len(rows) < AT_ONCE:
        _close(ctx)
    return done


def _settled(ctx: Context, booking_id: UUID, session: ClinicSession) -> bool:
    """Whether it was still open: the desk, or the person, may have been first."""
    booking = hold(ctx, booking_id)
    act = outcome(booking.state, session)
    if act is None:
        return False
    booking.state = BOOKING_LIFE.after(booking.state, act)
    if booking.state is BookingState.SEEN:
        booking.seen_at = booking.arrived_at
    record(ctx, EVENTS[booking.state](booking.resident_id, booking.id, booking.session_id))
    if booking.state is BookingState.MISSED:
        strikes.note(ctx, booking, StrikeKind.NO_SHOW)
    return True


def outcome(state: BookingState, session: ClinicSession) -> BookingAct | None:
    """What a seat is settled by; `None` where there is nothing left to say."""
    if state is BookingState.BOOKED:
        return BookingAct.LOSE_TRACK if session.began_at is None else BookingAct.MISS
    if state is BookingState.ARRIVED:
        return BookingAct.SEE if session.service in GATHERINGS else BookingAct.LOSE_TRACK
    return None


def _close(ctx: Context) -> None:
    """Look no more at sessions of which every seat is settled."""
    over = ClinicSession.ends_at <= ctx.at - attendance_of(ctx.region).settle
    unsettled = select(Booking.id).where(
        Booking.session_id == ClinicSession.id,
        LIVE,
        Booking.state.in_((*TO_COME, BookingState.HELD)),
    )
    closed = update(ClinicSession).where(
        ClinicSession.settled_at.is_(None), over, ~unsettled.exists()
    )
    unsynced = closed.execution_options(synchronize_session=False)
    db.session.execute(unsynced.values(settled_at=ctx.at))
