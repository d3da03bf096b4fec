"""What clinics hold of a person, and how it ends."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import joinedload

from backend.clinics import lottery_subjects, queries, waiting_queries
from backend.clinics.attendance_models import PaperCard, Turn
from backend.clinics.displacement_models import Displacement
from backend.clinics.displacing import close_displacements
from backend.clinics.giving_back import give_back, hold_sessions
from backend.clinics.models import Booking, BookingAct, BookingState
from backend.clinics.strike_models import Strike
from backend.clinics.waiting_life import close as close_entry
from backend.clinics.waiting_models import WaitingCall, WaitingEnd, WaitingEntry
from backend.kernel import sensitive
from backend.kernel.calendar import SHANGHAI
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.policy import admitted, by_clock
from backend.kernel.subjects import Cause, Consequence, Records, rows_of, told

ENDINGS: Mapping[BookingState, BookingAct] = {
    BookingState.HELD: BookingAct.DECLINE,
    BookingState.BOOKED: BookingAct.CANCEL,
    BookingState.ARRIVED: BookingAct.CANCEL,
}


@admitted(by_clock)
def export(_ctx: Context, resident_id: UUID) -> Records:
    """Every booking, what became of it or of one that was lost, cards, and what was waited for."""
    return {
        "booking": told(rows_of(Booking, Booking.resident_id == resident_id)),
        "booking_strike": told(rows_of(Strike, Strike.resident_id == resident_id)),
        "lottery_entry": lottery_subjects.tell(resident_id),
        "displacement": told(rows_of(Displacement, Displacement.resident_id == resident_id)),
        "waiting_entry": told(rows_of(WaitingEntry, WaitingEntry.resident_id == resident_id)),
        "waiting_call": told(rows_of(WaitingCall, WaitingCall.resident_id == resident_id)),
        "clinic_turn": told(rows_of(Turn, Turn.resident_id == resident_id)),
        "paper_card": told(rows_of(PaperCard, PaperCard.resident_id == resident_id)),
    }


@admitted(by_clock)
def foresee(ctx: Context, resident_id: UUID) -> Sequence[Consequence]:
    """The bookings still to come, and the places on waiting lists."""
    shown = _ahead(ctx, resident_id) & sensitive.shown(ctx, Booking.id)
    ahead = select(Booking).where(shown).options(joinedload(Booking.session))
    found = db.session.execute(ahead.order_by(Booking.starts_at)).scalars()
    seats = [Consequence(booking.id, _words(booking)) for booking in found]
    return (
        seats
        + lottery_subjects.ahead(ctx, resident_id)
        + [
            Consequence(entry.id, f"{entry.specialty}门诊的候补取消")
            for entry in rows_of(
                WaitingEntry, _waits(resident_id) & sensitive.shown(ctx, WaitingEntry.id)
            )
        ]
    )


def _words(booking: Booking) -> str:
    at = booking.starts_at.astimezone(SHANGHAI)
    return f"{at:%Y年%m月%d日 %H:%M} {booking.session.specialty}的预约取消，号源让给别人"


@admitted(by_clock)
def close(ctx: Context, resident_id: UUID, _cause: Cause) -> None:
    """Give back every seat still to come and every place on a list; a paper card is void."""
    waiting_queries.take_turn(resident_id)
    lottery_subjects.leave_all(ctx, resident_id)
    card = (PaperCard.resident_id == resident_id) & PaperCard.revoked_at.is_(None)
    void = {"revoked_at": ctx.at, "revoked_by": ctx.actor.id}
    db.session.execute(update(PaperCard).where(card).values(**void))
    touched = _give_all_back(ctx, resident_id)
    close_displacements(ctx, resident_id)
    for entry in waiting_queries.hold_live(resident_id):
        close_entry(ctx, entry, WaitingEnd.CLOSED)
    hold_sessions(touched)


def _give_all_back(ctx: Context, resident_id: UUID) -> Sequence[UUID]:
    """Free every seat still to come, in the order of whoever locks several; of which sessions."""
    ahead = select(Booking.id, Booking.session_id).where(_ahead(ctx, resident_id))
    in_order = ahead.order_by(Booking.session_id, Booking.seat_number)
    rows = db.session.execute(in_order).all()
    for row in rows:
        booking = queries.hold(ctx, row.id)
        if booking.state in ENDINGS:
            give_back(ctx, booking, ENDINGS[booking.state])
    return [row.session_id for row in rows]


@admitted(by_clock)
def erase(_ctx: Context, resident_id: UUID) -> None:
    """Seats given back go; those that were sat on still count, for nobody in particular."""
    theirs = Booking.resident_id == resident_id
    lottery_subjects.forget(resident_id)
    for kept in (Strike, Displacement, Turn, PaperCard, WaitingCall, WaitingEntry):
        db.session.execute(delete(kept).where(kept.resident_id == resident_id))
    db.session.execute(delete(Booking).where(theirs, Booking.ended_at.is_not(None)))
    nobody = update(Booking).where(theirs).values(resident_id=func.gen_random_uuid())
    db.session.execute(nobody.execution_options(synchronize_session=False))


def _ahead(ctx: Context, resident_id: UUID) -> ColumnElement[bool]:
    live = (Booking.resident_id == resident_id) & Booking.state.in_(ENDINGS)
    return live & (Booking.ends_at > ctx.at)


def _waits(resident_id: UUID) -> ColumnElement[bool]:
    return (WaitingEntry.resident_id == resident_id) & WaitingEntry.ended_at.is_(None)
