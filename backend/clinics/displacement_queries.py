"""How people who lost their seat are found, and seats that would do instead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from backend.clinics import policy, queries
from backend.clinics.claim import hold_person
from backend.clinics.displacement_models import Displacement, DisplacementState
from backend.clinics.displacement_rules import cascade_of
from backend.clinics.equivalents import equivalents
from backend.clinics.models import Booking, BookingState, ClinicSession, SessionState
from backend.clinics.queries import Appointment, Span, instant
from backend.identity import Resident
from backend.kernel.context import Context
from backend.kernel.database import Base, db, held, one
from backend.kernel.errors import NotFound
from backend.kernel.paging import Page, Wanted, page

T = TypeVar("T", bound=Base)


@dataclass(frozen=True, slots=True)
class Alternatives:
    """What a person who lost a seat can choose from."""

    state: DisplacementState
    lost: Appointment
    offer: Appointment | None
    call_wanted_at: datetime | None
    sessions: Sequence[ClinicSession]


@dataclass(frozen=True, slots=True)
class Displaced:
    """A person who waits for the desk, with what was lost and what is kept."""

    row: Displacement
    person: Resident
    lost: ClinicSession
    offer: Booking | None
    sessions: Sequence[ClinicSession] = ()

    @property
    def offered_session_id(self) -> UUID | None:
        """In which session a seat is kept."""
        return self.offer.session_id if self.offer else None

    @property
    def offered_starts_at(self) -> datetime | None:
        """From when."""
        return self.offer.starts_at if self.offer else None

    @property
    def offered_until(self) -> datetime | None:
        """Until when it is kept; `None` once it is booked."""
        is_held = self.offer is not None and self.offer.state is BookingState.HELD
        return self.offer.held_until if self.offer and is_held else None


@dataclass(frozen=True, slots=True)
class Closed:
    """A session that is not held, and how many of its people have answered."""

    session: ClinicSession
    counts: Mapping[DisplacementState, int]

    @property
    def open(self) -> int:
        """Who has not answered yet."""
        return self.counts.get(DisplacementState.OPEN, 0)

    @property
    def answered(self) -> int:
        """Who has."""
        return sum(self.counts.values()) - self.open


def displacement(ctx: Context, booking_id: UUID) -> Displacement:
    """The row of the person acted for, by the seat lost or the one kept; raises `NotFound`."""
    named = or_(Displacement.booking_id == booking_id, Displacement.offer_id == booking_id)
    return one(select(Displacement).where(named, policy.own_displacements(ctx)))


def hold_displacement(ctx: Context, booking_id: UUID) -> Displacement:
    """As `displacement`, with everything an answer changes locked in its order."""
    return hold_row(displacement(ctx, booking_id))


def hold_displaced(ctx: Context, displacement_id: UUID) -> Displacement:
    """A row of the list of the actor's desk, locked as an answer needs it; raises `NotFound`."""
    found = select(Displacement).where(Displacement.id == displacement_id)
    return hold_row(one(found.where(policy.displaced_here(ctx))))


def hold_row(row: Displacement) -> Displacement:
    """The person, what is kept for it, then the row: nobody offers or confirms meanwhile."""
    hold_person(row.resident_id)
    db.session.refresh(row)
    if row.offer_id is not None:
        queries.lock(row.offer_id)
    return held(select(Displacement).where(Displacement.id == row.id))


def due(ctx: Context, but: Sequence[UUID] = (), limit: int = 100) -> Sequence[UUID]:
    """Who waits with nothing kept, and for whom it is time to look again; the longest first.

    What was kept and has ended is nothing: the house that took it does not see the row of another.
    """
    late = ctx.at - cascade_of(ctx.region).seek_again
    is_time = or_(Displacement.sought_at.is_(None), Displacement.sought_at <= late)
    found = select(Displacement.id).where(
        Displacement.state == DisplacementState.OPEN,
        or_(Displacement.offer_id.is_(None) & is_time, _has_lost_offer()),
        Displacement.id.not_in(but),
    )
    first = Displacement.sought_at.asc().nulls_first()
    return db.session.execute(found.order_by(first, Displacement.id).limit(limit)).scalars().all()


def _has_lost_offer() -> ColumnElement[bool]:
    """What was kept has ended, and nothing was kept since."""
    ended = (Booking.id == Displacement.offer_id) & Booking.ended_at.is_not(None)
    return select(Booking.id).where(ended).exists()


def alternatives(ctx: Context, booking_id: UUID) -> Alternatives:
    """What the person can choose from instead of a lost seat; raises `NotFound`."""
    return of_row(ctx, displacement(ctx, booking_id))


def of_row(ctx: Context, row: Displacement) -> Alternatives:
    """The same, of a row that the caller may see."""
    is_open = row.state is DisplacementState.OPEN
    return Alternatives(
        row.state,
        appointment_of(ctx, row.booking_id),
        appointment_of(ctx, row.offer_id) if row.offer_id else None,
        row.call_wanted_at,
        equivalents(ctx, row) if is_open else [],
    )


def appointment_of(ctx: Context, booking_id: UUID) -> Appointment:
    """A booking that the caller may see, as its person sees it."""
    found = select(Booking).where(Booking.id == booking_id)
    shown = joinedload(Booking.session).options(*queries.SHOWN)
    return queries.appointment(ctx, one(found.options(shown)))


def displaced(ctx: Context, wanted: Wanted) -> Page[Displaced]:
    """Who has not answered, of the actor's desk; who lost a seat first comes first."""
    open_ones = _here(ctx).where(Displacement.state == DisplacementState.OPEN)
    rows = page(open_ones, [Displacement.opened_at, Displacement.id], wanted)
    return Page(_whole(rows.items), rows.next)


def one_displaced(ctx: Context, displacement_id: UUID) -> Displaced:
    """One of them, or one who has answered; raises `NotFound`."""
    row = one(_here(ctx).where(Displacement.id == displacement_id))
    found = _whole([row])
    if not found:
        raise NotFound
    is_open = row.state is DisplacementState.OPEN
    return replace(found[0], sessions=equivalents(ctx, row) if is_open else ())


def _here(ctx: Context) -> Select[Displacement]:
    return select(Displacement).where(policy.displaced_here(ctx))


def _whole(rows: Sequence[Displacement]) -> list[Displaced]:
    people = _by_id(Resident, [row.resident_id for row in rows])
    sessions = _by_id(ClinicSession, [row.session_id for row in rows])
    offers = _by_id(Booking, [row.offer_id for row in rows if row.offer_id])
    return [
        Displaced(
            row,
            people[row.resident_id],
            sessions[row.session_id],
            offers.get(row.offer_id or row.id),
        )
        for row in rows
        if row.resident_id in people
    ]


def _by_id(model: type[T], ids: Sequence[UUID]) -> Mapping[UUID, T]:
    found = select(model).where(model.id.in_(ids))
    return {row.id: row for row in db.session.execute(found).scalars()}


def closed_sessions(ctx: Context, span: Span, wanted: Wanted) -> Page[Closed]:
    """The cancelled sessions of the actor's houses, by time, with who has answered."""
    days = instant(span.first, time()), instant(span.last, time.max)
    found = select(ClinicSession).where(
        ClinicSession.institution_id.in_(ctx.actor.houses),
        ClinicSession.state == SessionState.CANCELLED,
        ClinicSession.starts_at.between(*days),
    )
    order = [ClinicSession.starts_at, ClinicSession.id]
    rows = page(found.options(*queries.SHOWN), order, wanted)
    counts = _counts([session.id for session in rows.items])
    return Page([Closed(session, counts.get(session.id, {})) for session in rows.items], rows.next)


def _counts(sessions: Sequence[UUID]) -> Mapping[UUID, Mapping[DisplacementState, int]]:
    counted = (Displacement.session_id, Displacement.state, func.count())
    found = select(*counted).where(Displacement.session_id.in_(sessions))
    told: dict[UUID, dict[DisplacementState, int]] = {}
    for session_id, state, many in db.session.execute(found.group_by(*counted[:2])):
        told.setdefault(session_id, {})[state] = many
    return told
