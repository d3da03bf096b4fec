"""What a seat that nobody sat on costs, noted and lifted; its callers asked whether they may."""

from sqlalchemy import select

from backend.clinics.attendance_events import StrikeDecided, StrikeNoted
from backend.clinics.attendance_rules import attendance_of, counts
from backend.clinics.models import Booking
from backend.clinics.strike_models import STRIKE_LIFE, Strike, StrikeAct, StrikeKind, StrikeState
from backend.kernel.context import NOBODY, Context
from backend.kernel.database import db
from backend.kernel.events import record


def note(ctx: Context, booking: Booking, kind: StrikeKind) -> Strike | None:
    """Hold a seat against its person, where its origin counts; the caller holds the booking."""
    if not counts(booking.origin, attendance_of(ctx.region)):
        return None
    strike = Strike(
        booking_id=booking.id,
        resident_id=booking.resident_id,
        kind=kind,
        at=ctx.at,
        state=StrikeState.STANDING,
    )
    db.session.add(strike)
    record(ctx, StrikeNoted(booking.resident_id, strike.id, booking.id))
    return strike


def lift_of(ctx: Context, booking: Booking) -> None:
    """Lift what was noted of a seat, if it still counts."""
    found = select(Strike).where(Strike.booking_id == booking.id).with_for_update()
    strike = db.session.execute(found).scalar_one_or_none()
    if strike is not None and strike.state in {StrikeState.STANDING, StrikeState.APPEALED}:
        settle(ctx, strike, StrikeAct.LIFT)


def settle(ctx: Context, strike: Strike, act: StrikeAct, answer: str | None = None) -> None:
    """Lift or uphold a locked strike; raises `IllegalMove`. What time lifts nobody decided."""
    strike.state = STRIKE_LIFE.after(strike.state, act)
    strike.decided_at, strike.answer = ctx.at, answer
    strike.decided_by = None if ctx.actor.id == NOBODY else ctx.actor.id
    is_lifted = strike.state is StrikeState.LIFTED
    record(ctx, StrikeDecided(strike.resident_id, strike.id, is_lifted))
