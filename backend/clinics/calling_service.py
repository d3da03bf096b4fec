"""电话告知: the desk calls who cannot be reached by the app, and writes down what came of it."""

from uuid import UUID

from backend.clinics import queries, waiting_policy, waiting_queries
from backend.clinics.errors import OfferOver
from backend.clinics.giving_back import give_back
from backend.clinics.models import BOOKING_LIFE, Booking, BookingAct, BookingState
from backend.clinics.offering import take
from backend.clinics.waiting_errors import ConsentUnsaid
from backend.clinics.waiting_life import close
from backend.clinics.waiting_models import (
    CallOutcome,
    WaitingCall,
    WaitingEnd,
    WaitingEntry,
)
from backend.clinics.waiting_queries import Place
from backend.clinics.waiting_rules import waiting_policy as figures_of
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.policy import permitted
from backend.kernel.subjects import as_clock


@permitted(waiting_policy.who_calls)
def record_call(
    ctx: Context, entry: WaitingEntry, outcome: CallOutcome, *, agreed_aloud: bool = False
) -> Place:
    """Write down what came of a call about an offered seat; a yes makes it the person's.

    Raises `OfferOver` where the seat is somebody else's by now, `ConsentUnsaid`.
    """
    if (outcome is CallOutcome.CONFIRMED) != agreed_aloud:
        raise ConsentUnsaid
    booking = _offered(ctx, entry.booking_id)
    held = waiting_queries.hold_entry(entry.id)
    _note(ctx, held, booking, outcome)
    match outcome:
        case CallOutcome.CONFIRMED:
            booking.staff_id = ctx.actor.id
            take(ctx, booking, BOOKING_LIFE.after(booking.state, BookingAct.CONFIRM))
        case CallOutcome.DECLINED:
            give_back(ctx, booking, BookingAct.DECLINE)
        case CallOutcome.WRONG_NUMBER:
            close(ctx, held, WaitingEnd.WRONG_NUMBER)
            give_back(ctx, booking, BookingAct.LAPSE)
        case CallOutcome.NOT_REACHED if _called(booking) >= figures_of(ctx.region).most_calls:
            give_back(ctx, booking, BookingAct.LAPSE)
    return waiting_queries.find_waiting(as_clock(ctx), entry.id)


def _offered(ctx: Context, booking_id: UUID | None) -> Booking:
    """The seat that is still kept for the person, locked."""
    if booking_id is None:
        raise OfferOver
    booking = queries.lock(booking_id)
    if booking.state is not BookingState.HELD or booking.held_until is None:
        raise OfferOver
    if booking.held_until <= ctx.at:
        raise OfferOver
    return booking


def _note(ctx: Context, entry: WaitingEntry, booking: Booking, outcome: CallOutcome) -> None:
    call = WaitingCall(
        entry_id=entry.id,
        booking_id=booking.id,
        resident_id=entry.resident_id,
        staff_id=ctx.actor.id,
        called_at=ctx.at,
        outcome=outcome,
        agreed_aloud=outcome is CallOutcome.CONFIRMED,
    )
    db.session.add(call)
    db.session.flush()


def _called(booking: Booking) -> int:
    return waiting_queries.calls_made([booking.id]).get(booking.id, 0)
