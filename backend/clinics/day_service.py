"""Running the day of a clinic: it begins, people are called and seen, a mistake is corrected."""

from uuid import UUID

from sqlalchemy import select

from backend.clinics import attendance_policy, check_in_codes, strikes
from backend.clinics.attendance_errors import (
    CheckInOver,
    NobodyWaits,
    NotCalled,
    OutOfTurn,
    TooEarly,
    TooLateToCorrect,
)
from backend.clinics.attendance_events import (
    AttendanceCorrected,
    ClinicBegan,
    PersonCalled,
    PersonPassedOver,
    PersonSeen,
)
from backend.clinics.attendance_models import Turn
from backend.clinics.attendance_queries import hold, spots, turn_of
from backend.clinics.attendance_rules import (
    Doors,
    attendance_of,
    behind,
    correctable_until,
    doors,
    line,
)
from backend.clinics.check_in_codes import Names
from backend.clinics.errors import SessionNotHeld
from backend.clinics.models import (
    BOOKING_LIFE,
    Booking,
    BookingAct,
    BookingState,
    ClinicSession,
    SessionState,
)
from backend.kernel.context import Context
from backend.kernel.database import db, held
from backend.kernel.events import record
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.policy import admitted, permitted


@permitted(attendance_policy.runs_the_day)
def begin(ctx: Context, session: ClinicSession) -> ClinicSession:
    """Say that the day has begun; from now on it is recorded who comes. Again is no change.

    Raises `TooEarly`, `CheckInOver`, `SessionNotHeld`.
    """
    own = held(select(ClinicSession).where(ClinicSession.id == session.id))
    if own.state is SessionState.CANCELLED:
        raise SessionNotHeld
    match doors(own.starts_at, own.ends_at, ctx.at, attendance_of(ctx.region)):
        case Doors.EARLY:
            raise TooEarly("离开诊还早，现在不能开始；开诊前一小时内再点。")
        case Doors.OVER if own.began_at is None:
            raise CheckInOver("这场门诊的时间已过，不能再补记开诊；没有记录的预约不会算作未到。")
    if own.began_at is None:
        own.began_at, own.began_by = ctx.at, ctx.actor.id
        record(ctx, ClinicBegan(own.id, own.institution_id))
    return own


@permitted(attendance_policy.runs_the_day)
def call(
    ctx: Context,
    session: ClinicSession,
    booking_id: UUID | None = None,
    because: str | None = None,
) -> Booking:
    """叫号: the next person, or one out of turn for a reason; the day begins with the first call.

    Raises `NobodyWaits`, `OutOfTurn`, `IllegalMove` for who is not there or was called, and as
    `begin`.
    """
    while waiting := line(spots(session.id)):
        first = waiting[0].booking_id
        wanted = booking_id or first
        booking = hold(ctx, wanted)
        turn = _waiting_turn(booking)
        if turn is not None and booking.session_id == session.id:
            is_urgent = _out_of_turn(wanted != first, because)
            # Only now: whoever gives a seat back holds it first, and the session at the commit.
            begin(ctx, session)
            turn.called_at, turn.called_by = ctx.at, ctx.actor.id
            turn.because = because if is_urgent else None
            told = (booking.resident_id, booking.id, session.id)
            record(ctx, PersonCalled(*told, is_urgent))
            return booking
        if booking_id is not None:
            raise IllegalMove
    raise NobodyWaits


def _waiting_turn(booking: Booking) -> Turn | None:
    """The turn of somebody who still waits; another desk may have called them meanwhile."""
    turn = turn_of(booking)
    if turn is None or booking.state is not BookingState.ARRIVED:
        return None
    db.session.refresh(turn)
    return turn if turn.called_at is None else None


def _out_of_turn(is_before_others: bool, because: str | None) -> bool:
    if is_before_others and not because:
        raise OutOfTurn
    return is_before_others


@permitted(attendance_policy.records)
def put_back(ctx: Context, booking: Booking) -> Booking:
    """过号: who was called did not answer, and comes behind those who wait; raises `NotCalled`."""
    turn = turn_of(booking)
    if turn is None or turn.called_at is None or booking.state is not BookingState.ARRIVED:
        raise NotCalled
    place = behind(turn.place, spots(booking.session_id))
    turn.place, turn.is_behind, turn.since = place, True, ctx.at
    turn.because, turn.called_at, turn.called_by = None, None, None
    record(ctx, PersonPassedOver(booking.resident_id, booking.id, booking.session_id))
    return booking


@permitted(attendance_policy.records)
def see(ctx: Context, booking: Booking) -> Booking:
    """Say that somebody who is there was seen; raises `IllegalMove`."""
    booking.state = BOOKING_LIFE.after(booking.state, BookingAct.SEE)
    booking.seen_at = ctx.at
    record(ctx, PersonSeen(booking.resident_id, booking.id, booking.session_id))
    return booking


@permitted(attendance_policy.records)
def correct(ctx: Context, booking: Booking) -> Booking:
    """Say the same day that somebody was there after all; what it cost is lifted.

    Raises `IllegalMove`, `TooLateToCorrect`.
    """
    state = BOOKING_LIFE.after(booking.state, BookingAct.CORRECT)
    ends_at = attendance_policy.session_of(booking).ends_at
    if ctx.at >= correctable_until(ends_at, attendance_of(ctx.region)):
        raise TooLateToCorrect
    booking.state, booking.seen_at = state, ctx.at
    booking.arrived_at = booking.arrived_at or ctx.at
    record(ctx, AttendanceCorrected(booking.resident_id, booking.id, booking.session_id))
    strikes.lift_of(ctx, booking)
    return booking


@permitted(attendance_policy.runs_the_day)
def door_code(ctx: Context, session: ClinicSession) -> str:
    """What today's code at the door of a session says."""
    return check_in_codes.code_of(Names.SESSION, session.id, ctx.today)


@admitted(attendance_policy.at_desk)
def house_code(ctx: Context) -> str:
    """What today's code at the door of the actor's house says."""
    house = ctx.actor.institution or ctx.actor.id
    return check_in_codes.code_of(Names.HOUSE, house, ctx.today)
