"""Who runs the day of a clinic: its expert, and the desk of the house where it is held."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, select

from backend.clinics.attendance_rules import attendance_of, correctable_until
from backend.clinics.models import Booking, ClinicSession
from backend.clinics.strike_models import Strike
from backend.kernel.calendar import begins_at
from backend.kernel.context import Context, Role, Scope
from backend.kernel.database import one
from backend.kernel.ties import (
    NONE,
    Grant,
    Sight,
    Tie,
    Ties,
    admits,
    allows,
    as_person,
    by_itself,
    everything,
    of_person,
    possible,
)

DESK = frozenset({Role.DOCTOR, Role.NURSE, Role.PUBLIC_HEALTH, Role.COORDINATOR, Role.MANAGER})
AT_DESK = {Tie.STAFF: DESK}


def day_ties(ctx: Context, session: ClinicSession) -> Ties:
    """The expert of the session; whoever works in the house where it is held."""
    expert = {Tie.BOOKED_SPECIALIST} if session.expert_id == ctx.actor.id else set()
    return possible(ctx) & expert | _desk_ties(ctx, session)


def _desk_ties(ctx: Context, session: ClinicSession) -> Ties:
    is_desk = ctx.actor.role in DESK and session.institution_id == ctx.actor.institution
    return possible(ctx) & {Tie.STAFF} if is_desk else NONE


def ties(ctx: Context, booking: Booking) -> Ties:
    """As `day_ties`, for a seat of a day that can still be recorded; the clock."""
    session = session_of(booking)
    return (day_ties(ctx, session) if _is_of_today(ctx, session) else NONE) | by_itself(ctx)


def _is_of_today(ctx: Context, session: ClinicSession) -> bool:
    region = attendance_of(ctx.region)
    begins = min(begins_at(session.day), session.starts_at - region.check_in)
    return begins <= ctx.at < correctable_until(session.ends_at, region)


def session_of(booking: Booking) -> ClinicSession:
    """The session of a seat."""
    return one(select(ClinicSession).where(ClinicSession.id == booking.session_id))


def of_today(ctx: Context) -> ColumnElement[bool]:
    """The session can be recorded now: its day, or its check-in, has come, or it settled today."""
    region = attendance_of(ctx.region)
    has_come = (ClinicSession.day <= ctx.today) | (
        ClinicSession.starts_at <= ctx.at + region.check_in
    )
    earliest = begins_at(ctx.today) - region.settle
    # No session lasts a day: the bound lets the index by house and beginning find them.
    is_recent = ClinicSession.starts_at > earliest - timedelta(days=1)
    return has_come & is_recent & (ClinicSession.ends_at >= earliest)


def _sessions(ctx: Context, whose: ColumnElement[bool]) -> Select[UUID]:
    return select(ClinicSession.id).where(whose, of_today(ctx))


def _of_house(ctx: Context) -> ColumnElement[bool]:
    if ctx.actor.role not in DESK:
        return false()
    return Booking.session_id.in_(
        _sessions(ctx, ClinicSession.institution_id == ctx.actor.institution)
    )


def _of_expert(ctx: Context) -> ColumnElement[bool]:
    return Booking.session_id.in_(_sessions(ctx, ClinicSession.expert_id == ctx.actor.id))


seen_at_work = Sight(
    rows={Tie.STAFF: _of_house, Tie.BOOKED_SPECIALIST: _of_expert, Tie.CLOCK: everything}
)


def strike_ties(ctx: Context, strike: Strike) -> Ties:
    """Whose it is; the desk of the house where the seat was; the clock."""
    session = session_of(one(select(Booking).where(Booking.id == strike.booking_id)))
    own = as_person(ctx, strike.resident_id, strike.booking_id)
    return own | _desk_ties(ctx, session) | by_itself(ctx)


def _strikes_of_house(ctx: Context) -> ColumnElement[bool]:
    if ctx.actor.role not in DESK:
        return false()
    here = ClinicSession.institution_id == ctx.actor.institution
    found = select(Booking.id).join(Booking.session).where(here)
    return Strike.booking_id.in_(found)


strikes_visible_to = Sight(
    scopes=(Scope.BOOK,),
    rows={
        **of_person(Strike.resident_id, Scope.BOOK, subject=Strike.booking_id),
        Tie.STAFF: _strikes_of_house,
        Tie.CLOCK: everything,
    },
)

runs_the_day: Grant[ClinicSession] = allows(
    day_ties, Tie.BOOKED_SPECIALIST, Tie.STAFF, only=AT_DESK
)
records: Grant[Booking] = allows(ties, Tie.BOOKED_SPECIALIST, Tie.STAFF, only=AT_DESK)
own_strike: Grant[Strike] = allows(strike_ties, Tie.SELF, Tie.PROXY, Tie.GUARDIAN, scope=Scope.BOOK)
strike_of_own_house: Grant[Strike] = allows(strike_ties, Tie.STAFF, only=AT_DESK)
at_desk = admits(Tie.STAFF, only=AT_DESK)
