"""How the day of a clinic is found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import contains_eager, joinedload

from backend import identity
from backend.clinics import attendance_policy, policy, queries
from backend.clinics.attendance_models import PaperCard, Turn
from backend.clinics.attendance_policy import seen_at_work
from backend.clinics.attendance_rules import (
    Ahead,
    Spot,
    ahead,
    attendance_of,
    called,
    line,
)
from backend.clinics.models import Booking, BookingState, ClinicSession, Seat
from backend.kernel.context import Context
from backend.kernel.crypto import keyring
from backend.kernel.database import db, held, one
from backend.kernel.subjects import as_clock

TO_COME = (BookingState.BOOKED, BookingState.ARRIVED)
_DAY = timedelta(days=1)
_TAKEN = Booking.ended_at.is_(None) & (Booking.state != BookingState.HELD)
_SHOWN = (joinedload(ClinicSession.expert), joinedload(ClinicSession.institution))


@dataclass(frozen=True, slots=True)
class Queue:
    """What somebody with a seat is told while waiting."""

    booking_id: UUID
    resident_id: UUID
    seat_number: int
    state: BookingState
    room: str
    has_begun: bool
    is_called: bool
    ahead: Ahead | None


@dataclass(frozen=True, slots=True)
class Board:
    """The screen of a waiting room: numbers, and nobody's name."""

    session: ClinicSession
    called: Sequence[int]
    waiting: Sequence[int]


@dataclass(frozen=True, slots=True)
class Present:
    """A seat of the day as the desk sees it; `turn` where its person is there."""

    booking: Booking
    turn: Turn | None
    name: str | None

    @property
    def resident_id(self) -> UUID:
        """Whose seat it is."""
        return self.booking.resident_id


def hold(ctx: Context, booking_id: UUID) -> Booking:
    """A seat of the day that the actor records, its seat and then itself locked."""
    return locked(one(select(Booking).where(Booking.id == booking_id, seen_at_work(ctx))))


def locked(booking: Booking) -> Booking:
    """A booking that was found, its seat and then itself locked, until the commit."""
    seat = select(Seat).filter_by(session_id=booking.session_id, number=booking.seat_number)
    queries.hold_seats(seat)
    return held(select(Booking).where(Booking.id == booking.id))


def session_of_day(ctx: Context, session_id: UUID) -> ClinicSession:
    """A session of the day that the actor runs; raises `NotFound`."""
    found = select(ClinicSession).where(ClinicSession.id == session_id).options(*_SHOWN)
    return one(found.where(_runs(ctx), attendance_policy.of_today(ctx)))


def sessions_of_day(ctx: Context) -> Sequence[ClinicSession]:
    """The sessions of the day that the actor runs, by time."""
    found = select(ClinicSession).where(_runs(ctx), attendance_policy.of_today(ctx))
    by_time = found.options(*_SHOWN).order_by(ClinicSession.starts_at, ClinicSession.id)
    return db.session.execute(by_time).scalars().all()


def _runs(ctx: Context) -> ColumnElement[bool]:
    here = ClinicSession.institution_id == ctx.actor.institution
    mine = ClinicSession.expert_id == ctx.actor.id
    return mine | here if ctx.actor.role in attendance_policy.DESK else mine


def turn_of(booking: Booking) -> Turn | None:
    """Where somebody stands in the line, if they are there."""
    found = select(Turn).where(Turn.booking_id == booking.id)
    return db.session.execute(found).scalar_one_or_none()


def candidates(ctx: Context, resident_id: UUID | None = None) -> Sequence[Booking]:
    """The seats still to come, by time: the actor's own, or a person's at the actor's desk.

    At the desk those of the day in its house alone.
    """
    whose = policy.visible_to(ctx)
    if resident_id is not None:
        whose = (Booking.resident_id == resident_id) & seen_at_work(ctx)
    midnight = queries.instant(ctx.today, datetime.min.time())
    found = select(Booking).join(Booking.session).where(whose, Booking.state.in_(TO_COME))
    to_come = found.where(Booking.starts_at > midnight - _DAY, ClinicSession.ends_at > midnight)
    shown = to_come.options(contains_eager(Booking.session).options(*_SHOWN))
    return db.session.execute(shown.order_by(Booking.starts_at, Booking.id)).scalars().all()


def spots(session_id: UUID) -> list[Spot]:
    """Every seat of a session that is taken, in one query."""
    found = select(
        Booking.id,
        Booking.seat_number,
        Booking.starts_at,
        Booking.ends_at,
        Booking.state,
        Booking.seen_at,
        Turn.place,
        Turn.is_behind,
        Turn.since,
        Turn.called_at,
    ).outerjoin(Turn, Turn.booking_id == Booking.id)
    rows = db.session.execute(found.where(Booking.session_id == session_id, _TAKEN))
    return [
        Spot(
            booking_id=row.id,
            number=row.seat_number,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            is_here=row.state is BookingState.ARRIVED,
            place=row.place,
            is_behind=bool(row.is_behind),
            since=row.since,
            called_at=row.called_at,
            seen_at=row.seen_at,
        )
        for row in rows
    ]


def queue(ctx: Context, booking_id: UUID) -> Queue:
    """Where somebody's own seat stands now, in two queries; raises `NotFound`."""
    own = select(Booking).where(Booking.id == booking_id, policy.visible_to(ctx))
    booking = one(own.options(joinedload(Booking.session)))
    of, all_of_it = booking.session, spots(booking.session_id)
    spot = next((each for each in all_of_it if each.booking_id == booking.id), None)
    told = None
    if spot is not None and booking.state in TO_COME and not spot.is_called:
        region = attendance_of(ctx.region)
        told = ahead(spot, all_of_it, ctx.at, of.starts_at, of.began_at is not None, region)
    return Queue(
        booking_id=booking.id,
        resident_id=booking.resident_id,
        seat_number=booking.seat_number,
        state=booking.state,
        room=of.room,
        has_begun=of.began_at is not None,
        is_called=spot is not None and spot.is_called,
        ahead=told,
    )


def board(_ctx: Context, session_id: UUID) -> Board:
    """Which numbers were called and which come next, in two queries; raises `NotFound`."""
    of = one(select(ClinicSession).where(ClinicSession.id == session_id).options(*_SHOWN))
    found = spots(session_id)
    return Board(of, [one.number for one in called(found)], [one.number for one in line(found)])


def present(ctx: Context, session: ClinicSession) -> Sequence[Present]:
    """The seats of a session of the day, for whoever runs it: who waits first, in their order."""
    rows = db.session.execute(
        select(Booking, Turn)
        .outerjoin(Turn, Turn.booking_id == Booking.id)
        .where(Booking.session_id == session.id, _TAKEN, seen_at_work(ctx))
        .order_by(Booking.seat_number)
    ).all()
    order = {spot.booking_id: place for place, spot in enumerate(line(spots(session.id)))}
    # The policy has judged that the desk may know who has a seat today.
    people = identity.residents(as_clock(ctx), [booking.resident_id for booking, _ in rows])
    found = [
        Present(booking, turn, person.name if (person := people.get(booking.resident_id)) else None)
        for booking, turn in rows
    ]
    return sorted(found, key=lambda one: order.get(one.booking.id, len(order)))


def attendance(ctx: Context, session: ClinicSession) -> dict[BookingState, int]:
    """How many seats of a session stand in each state, for its house's managers."""
    found = select(Booking.state, func.count()).where(
        Booking.session_id == session.id,
        _TAKEN,
        ClinicSession.institution_id.in_(ctx.actor.houses),
    )
    rows = db.session.execute(found.join(Booking.session).group_by(Booking.state)).all()
    counted: dict[BookingState, int] = dict(rows)
    return {state: counted.get(state, 0) for state in _COUNTED}


_COUNTED = (
    BookingState.BOOKED,
    BookingState.ARRIVED,
    BookingState.SEEN,
    BookingState.MISSED,
    BookingState.UNRECORDED,
)


def card_in_force(code: str) -> PaperCard | None:
    """The card that bears this code and is not void."""
    own = and_(PaperCard.code_index == card_index(code), PaperCard.revoked_at.is_(None))
    return db.session.execute(select(PaperCard).where(own)).scalar_one_or_none()


def card_of(resident_id: UUID) -> Select[PaperCard]:
    """A person's card in force."""
    return select(PaperCard).where(
        PaperCard.resident_id == resident_id, PaperCard.revoked_at.is_(None)
    )


def card_index(code: str) -> bytes:
    """What is kept of a code."""
    return keyring().index(code, "paper_card")
