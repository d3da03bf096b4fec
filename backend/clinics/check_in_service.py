"""Saying that somebody is there: by the code on the door, the paper card, or at the desk."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from backend import identity
from backend.clinics import attendance_policy, check_in_codes, policy, queries
from backend.clinics.attendance_errors import (
    CardUnknown,
    CheckInOver,
    CodeOver,
    NothingHere,
    TooEarly,
    WrongDay,
    WrongHouse,
)
from backend.clinics.attendance_events import PersonArrived
from backend.clinics.attendance_models import CheckInWay, Turn
from backend.clinics.attendance_queries import candidates, card_in_force, locked, spots, turn_of
from backend.clinics.attendance_rules import (
    GATHERINGS,
    Doors,
    attendance_of,
    behind,
    doors,
    is_late,
)
from backend.clinics.check_in_codes import Named, Names
from backend.clinics.models import (
    BOOKING_LIFE,
    Booking,
    BookingAct,
    BookingState,
    ClinicSession,
)
from backend.clinics.queries import Appointment
from backend.kernel.calendar import SHANGHAI, shanghai_date
from backend.kernel.context import Context, Role
from backend.kernel.database import db
from backend.kernel.events import record
from backend.kernel.policy import admitted, permitted


@admitted(policy.to_book)
def check_in(ctx: Context, code: str) -> Appointment:
    """Say by the code of the door that the person acted for is there; again is no change.

    Raises `CodeOver`, and why no seat is found: `NothingHere`, `WrongHouse`, `WrongDay`,
    `TooEarly`, `CheckInOver`.
    """
    named = check_in_codes.read(code, ctx.today)
    booking = locked(_chosen(ctx, candidates(ctx), named))
    _arrive(ctx, booking, CheckInWay.CODE)
    return queries.find(ctx, booking.id)


@admitted(attendance_policy.at_desk)
def check_in_by_card(ctx: Context, code: str) -> Booking:
    """Say by a person's paper card that they are there; raises `CardUnknown` and as `check_in`."""
    card = card_in_force(code)
    if card is None:
        raise CardUnknown
    return _at_desk(ctx, card.resident_id, CheckInWay.CARD)


@admitted(attendance_policy.at_desk)
def check_in_by_document(ctx: Context, claim: identity.Claim) -> Booking:
    """Say of a person with a document that they are there; raises as `check_in`, `NobodyFound`."""
    return _at_desk(ctx, identity.present(ctx, claim).id, CheckInWay.DESK)


@permitted(attendance_policy.records)
def note_arrival(ctx: Context, booking: Booking) -> Booking:
    """Say of a seat on the list of the day that its person is there; again is no change."""
    _require_open(ctx, attendance_policy.session_of(booking))
    _arrive(ctx, booking, CheckInWay.DESK)
    return booking


def _at_desk(ctx: Context, resident_id: UUID, way: CheckInWay) -> Booking:
    house = Named(Names.HOUSE, ctx.actor.institution or ctx.actor.id, ctx.today)
    booking = locked(_chosen(ctx, candidates(ctx, resident_id), house))
    _arrive(ctx, booking, way)
    return booking


def _arrive(ctx: Context, booking: Booking, way: CheckInWay) -> None:
    """Enter somebody into the line; the caller holds the seat and the booking."""
    if booking.state is BookingState.ARRIVED:
        return
    booking.state = BOOKING_LIFE.after(booking.state, BookingAct.CHECK_IN)
    booking.arrived_at = ctx.at
    if turn_of(booking) is None:
        db.session.add(_turn(ctx, booking, way))
    record(ctx, PersonArrived(booking.resident_id, booking.id, booking.session_id, way))


def _turn(ctx: Context, booking: Booking, way: CheckInWay) -> Turn:
    region, service = attendance_of(ctx.region), attendance_policy.session_of(booking).service
    is_behind = service not in GATHERINGS and is_late(booking.starts_at, ctx.at, region)
    place = booking.seat_number
    return Turn(
        booking_id=booking.id,
        session_id=booking.session_id,
        resident_id=booking.resident_id,
        way=way,
        staff_id=None if ctx.actor.role is Role.RESIDENT else ctx.actor.id,
        place=behind(place, spots(booking.session_id)) if is_behind else place,
        is_behind=is_behind,
        since=ctx.at,
    )


def _chosen(ctx: Context, found: Sequence[Booking], named: Named) -> Booking:
    """The seat that is meant: open now and not entered yet first; else the one entered before."""
    here = [one for one in found if _is_there(one.session, named)]
    now = [one for one in here if _is_of(one, named, ctx) and _doors(ctx, one) is Doors.OPEN]
    waiting = [one for one in now if one.state is BookingState.BOOKED]
    if now:
        return (waiting or now[::-1])[0]
    raise _why_not(ctx, found, here) if named.day == ctx.today else CodeOver


def _is_there(session: ClinicSession, named: Named) -> bool:
    at = session.id if named.what is Names.SESSION else session.institution_id
    return at == named.id


def _is_of(booking: Booking, named: Named, ctx: Context) -> bool:
    """A code of yesterday is good for what began yesterday and goes on, and for nothing else."""
    return named.day in (ctx.today, booking.session.day) and (
        named.day == ctx.today or booking.session.day < ctx.today
    )


def _doors(ctx: Context, booking: Booking) -> Doors:
    of = booking.session
    return doors(of.starts_at, of.ends_at, ctx.at, attendance_of(ctx.region))


def _require_open(ctx: Context, session: ClinicSession) -> None:
    open_now = doors(session.starts_at, session.ends_at, ctx.at, attendance_of(ctx.region))
    if open_now is Doors.EARLY:
        raise _too_early(ctx, session)
    if open_now is Doors.OVER:
        raise CheckInOver


def _why_not(ctx: Context, found: Sequence[Booking], here: Sequence[Booking]) -> Exception:
    """The nearest reason, and where or when to come instead."""
    today = [one for one in here if one.session.day == ctx.today]
    for one in today:
        if _doors(ctx, one) is Doors.EARLY:
            return _too_early(ctx, one.session)
    if today:
        return CheckInOver()
    for one in found:
        if one.session.day == ctx.today and one not in here and _doors(ctx, one) is not Doors.OVER:
            return WrongHouse(
                f"您今天{_time(one)}的预约在{one.session.institution.name}{one.session.room}，"
                "请到那里签到；赶不及的，请打电话告诉那里的窗口。"
            )
    for one in here:
        return WrongDay(f"您在这里的预约是{_day(one.day)}{_time(one)}，请那天再来签到。")
    return NothingHere()


def _too_early(ctx: Context, session: ClinicSession) -> TooEarly:
    opens = session.starts_at - attendance_of(ctx.region).check_in
    at = opens.astimezone(SHANGHAI)
    day = "" if shanghai_date(opens) == ctx.today else _day(at.date())
    return TooEarly(f"这场门诊{day}{at:%H:%M}开始签到，请到时再扫码；不用一直在这里等。")


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _time(booking: Booking) -> str:
    return f"{booking.starts_at.astimezone(SHANGHAI):%H:%M}"
