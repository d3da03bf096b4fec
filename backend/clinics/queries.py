"""How clinics, seats and bookings are found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from backend.clinics.claim import hold_person
from backend.clinics.models import (
    BOOKABLE,
    Booking,
    BookingAct,
    BookingOrigin,
    BookingState,
    ClinicSession,
    Seat,
    SessionAct,
    SessionState,
)
from backend.clinics.policy import proposed_by, visible_to
from backend.clinics.rules import Standing, policy_of
from backend.kernel.calendar import SHANGHAI
from backend.kernel.context import Context, Kinship
from backend.kernel.database import db, held, one
from backend.kernel.handovers import OpenWork
from backend.kernel.paging import Page, Wanted, page

LONGEST_SPAN = timedelta(days=31)
SHOWN = (joinedload(ClinicSession.expert), joinedload(ClinicSession.institution))


@dataclass(frozen=True, slots=True)
class Span:
    """Which days; at most a month of them."""

    first: date
    last: date

    @classmethod
    def of(cls, ctx: Context, first: date | None, last: date | None) -> "Span":
        """From `first` (today) to `last` (a month at most, and by default)."""
        start = first or ctx.today
        longest = start + LONGEST_SPAN if start < date.max - LONGEST_SPAN else date.max
        return cls(start, min(last or longest, longest))


@dataclass(frozen=True, slots=True)
class Appointment:
    """A booking with what a person needs to find the way there."""

    id: UUID
    session_id: UUID
    resident_id: UUID
    seat_number: int
    day: date
    starts_at: datetime
    ends_at: datetime
    expert_id: UUID
    institution_id: UUID
    specialty: str
    room: str
    state: BookingState
    acts: Sequence[BookingAct]
    booked_at: datetime
    ended_at: datetime | None
    origin: BookingOrigin = BookingOrigin.OWN
    held_until: datetime | None = None
    arrived_at: datetime | None = None
    by_kinship: Kinship | None = None
    ended_by_kinship: Kinship | None = None
    expert_name: str | None = None
    institution_name: str | None = None
    reason: str | None = None


def open_work(ctx: Context, expert_id: UUID) -> Sequence[OpenWork]:
    """The sessions an expert still has to hold in the actor's houses; their house cancels them.

    People chose this expert, so nobody else can simply take their place.
    """
    found = select(ClinicSession).where(
        ClinicSession.expert_id == expert_id,
        ClinicSession.state == SessionState.OPEN,
        ClinicSession.ends_at > ctx.at,
        ClinicSession.institution_id.in_(ctx.actor.houses),
    )
    rows = db.session.execute(found.order_by(ClinicSession.starts_at)).scalars()
    return [OpenWork(row.id, None, row.day, moves=False) for row in rows]


def session(_ctx: Context, session_id: UUID) -> ClinicSession:
    """One session of the public timetable; raises `NotFound`."""
    public = (ClinicSession.id == session_id, ClinicSession.service.in_(BOOKABLE))
    return one(select(ClinicSession).where(*public).options(*SHOWN))


def seats(_ctx: Context, session_id: UUID) -> Sequence[Seat]:
    """The seats of a session by number."""
    own = (Seat.session_id == session_id) & Seat.removed_at.is_(None)
    found = select(Seat).where(own).order_by(Seat.number)
    return db.session.execute(found).scalars().all()


def own_sessions(ctx: Context, span: Span, wanted: Wanted) -> Page[ClinicSession]:
    """The acting expert's sessions, by time."""
    found = _within(span).where(ClinicSession.expert_id == ctx.actor.id).options(*SHOWN)
    return page(found, [ClinicSession.starts_at, ClinicSession.id], wanted)


def own_session(ctx: Context, session_id: UUID) -> ClinicSession:
    """A session of the acting expert; raises `NotFound`."""
    found = select(ClinicSession).where(ClinicSession.id == session_id)
    return one(found.where(ClinicSession.expert_id == ctx.actor.id).options(*SHOWN))


def sessions_of_house(ctx: Context, span: Span, wanted: Wanted) -> Page[ClinicSession]:
    """The sessions in the acting manager's houses, by time."""
    found = _within(span).where(ClinicSession.institution_id.in_(ctx.actor.houses))
    return page(found.options(*SHOWN), [ClinicSession.starts_at, ClinicSession.id], wanted)


def session_of_house(ctx: Context, session_id: UUID) -> ClinicSession:
    """A session in the acting manager's houses; raises `NotFound`."""
    found = select(ClinicSession).where(ClinicSession.id == session_id)
    return one(found.where(ClinicSession.institution_id.in_(ctx.actor.houses)).options(*SHOWN))


def bookings(ctx: Context, wanted: Wanted) -> Page[Appointment]:
    """The actor's bookings, the newest hour first."""
    found = page(
        _visible(ctx).options(joinedload(Booking.session).options(*SHOWN)),
        [Booking.starts_at, Booking.id],
        wanted,
        newest_first=True,
    )
    return Page([appointment(ctx, booking) for booking in found.items], found.next)


def find(ctx: Context, booking_id: UUID) -> Appointment:
    """One booking that the actor may see; raises `NotFound`."""
    found = _visible(ctx).where(Booking.id == booking_id)
    return appointment(ctx, one(found.options(joinedload(Booking.session).options(*SHOWN))))


def proposals(ctx: Context) -> Sequence[Appointment]:
    """What the acting doctor keeps for residents of the own team and nobody has answered yet."""
    waiting = (Booking.state == BookingState.HELD) & (Booking.held_until > ctx.at)
    found = select(Booking).where(proposed_by(ctx), waiting).order_by(Booking.held_until)
    whole = found.options(joinedload(Booking.session).options(*SHOWN))
    rows = db.session.execute(whole).scalars()
    return [appointment(ctx, booking) for booking in rows]


def hold(ctx: Context, booking_id: UUID) -> Booking:
    """One booking, its seat and then itself locked, until the commit."""
    one(_visible(ctx).where(Booking.id == booking_id))
    return lock(booking_id)


def lock(booking_id: UUID) -> Booking:
    """A booking that the caller may hold, its seat and then itself locked; raises `NotFound`."""
    booking = one(select(Booking).where(Booking.id == booking_id))
    hold_seats(select(Seat).filter_by(session_id=booking.session_id, number=booking.seat_number))
    return held(select(Booking).where(Booking.id == booking_id))


def hold_to_move(ctx: Context, booking_id: UUID) -> Booking:
    """As `hold`, the person locked first: another seat is claimed while the old one is held."""
    hold_person(one(_visible(ctx).where(Booking.id == booking_id)).resident_id)
    return hold(ctx, booking_id)


def hold_seats(wanted: Select[Seat]) -> Sequence[Seat]:
    """These seats locked by number: whoever is booking one of them has ended."""
    locked = wanted.order_by(Seat.number).with_for_update()
    fresh = locked.execution_options(populate_existing=True)
    return db.session.execute(fresh).scalars().all()


@dataclass(frozen=True, slots=True)
class Expected:
    """A seat that somebody has; who, only while the expert may know it."""

    seat_number: int
    starts_at: datetime
    ends_at: datetime
    state: BookingState
    booking: Booking | None


def booked(ctx: Context, session: ClinicSession) -> Sequence[Expected]:
    """The seats of the acting expert's session that are taken, by number; offers are nobody yet."""
    taken = Booking.ended_at.is_(None) & (Booking.state != BookingState.HELD)
    found = select(Booking, visible_to(ctx).label("is_known")).join(Booking.session)
    own = (Booking.session_id == session.id) & (ClinicSession.expert_id == ctx.actor.id)
    rows = db.session.execute(found.where(own, taken).order_by(Booking.seat_number))
    return [
        Expected(of.seat_number, of.starts_at, of.ends_at, of.state, of if is_known else None)
        for of, is_known in rows
    ]


def live_bookings(session: ClinicSession) -> Sequence[Booking]:
    """Every booking of a seat of the session that can still be withdrawn, by number."""
    found = select(Booking).where(
        Booking.session_id == session.id,
        Booking.state.in_([BookingState.HELD, BookingState.BOOKED, BookingState.ARRIVED]),
    )
    return db.session.execute(found.order_by(Booking.seat_number)).scalars().all()


def instant(day: date, at: time) -> datetime:
    """A time of day in Shanghai as an instant."""
    return datetime.combine(day, at, SHANGHAI)


def standing(ctx: Context, session: ClinicSession) -> Standing:
    """What a session is to somebody who wants a seat now."""
    return session.standing(ctx.at, policy_of(ctx.region))


def acts(ctx: Context, session: ClinicSession) -> Sequence[SessionAct]:
    """What the house may do with a session now."""
    return session.acts(ctx.at)


def appointment(ctx: Context, booking: Booking) -> Appointment:
    """A booking as a person sees it."""
    own = booking.session
    return Appointment(
        id=booking.id,
        session_id=booking.session_id,
        resident_id=booking.resident_id,
        seat_number=booking.seat_number,
        day=booking.day,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        expert_id=own.expert_id,
        institution_id=own.institution_id,
        specialty=own.specialty,
        room=own.room,
        state=booking.state,
        acts=booking.acts(ctx.at, policy_of(ctx.region)),
        booked_at=booking.booked_at,
        ended_at=booking.ended_at,
        origin=booking.origin,
        held_until=booking.held_until,
        arrived_at=booking.arrived_at,
        by_kinship=booking.by_kinship,
        ended_by_kinship=booking.ended_by_kinship,
        expert_name=own.expert.name,
        institution_name=own.institution.name,
        reason=own.reason if booking.state is BookingState.WITHDRAWN else None,
    )


def _within(span: Span) -> Select[ClinicSession]:
    first = instant(span.first, time())
    last = instant(span.last, time.max)
    return select(ClinicSession).where(ClinicSession.starts_at.between(first, last))


def _visible(ctx: Context) -> Select[Booking]:
    return select(Booking).where(visible_to(ctx))
