"""Booking for somebody: the family doctor keeps a seat, the desk books for who stands there.

A doctor's proposal is an offer: nothing counts until the person confirms it. At the desk the person
is present with the original document, which is the consent of that moment.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from backend import identity
from backend.clinics import policy, queries
from backend.clinics.claim import Manner, Wish, claim
from backend.clinics.errors import OwnBookings, ProposalUnanswered, TooManyProposals
from backend.clinics.events import BookingMade
from backend.clinics.giving_back import give_back
from backend.clinics.models import Booking, BookingAct, BookingOrigin, BookingState, Quota
from backend.clinics.offering import offer
from backend.clinics.queries import Appointment
from backend.clinics.rules import policy_of
from backend.clinics.subject_service import ENDINGS
from backend.identity import Claim, Resident
from backend.kernel import sensitive
from backend.kernel.context import Context
from backend.kernel.database import db, one
from backend.kernel.errors import NotFound, NotNow
from backend.kernel.events import record
from backend.kernel.ids import new_id
from backend.kernel.policy import admitted, permitted
from backend.kernel.sensitive import Traits

# What a doctor may draw on for a resident of the own team, before it flows on to everybody.
DOCTORS = (Quota.OPEN, Quota.SIGNED, Quota.FAMILY_DOCTOR)
NOT_THEN = "这位居民这个时间不能预约，请换一个时间，或先和本人商量。"


@permitted(policy.own_resident)
def propose(
    ctx: Context,
    resident: Resident,
    session_id: UUID,
    wish: Wish = Wish(),  # noqa: B008
) -> Appointment:
    """Keep a seat for a signed resident until the person confirms it on the own phone.

    Of the person's other bookings no refusal tells the doctor: raises `NotNow`. Raises
    `TooManyProposals` and `ProposalUnanswered` as well, so that nobody keeps a whole session.
    """
    _require_room(ctx, resident.id, session_id)
    session = queries.session(ctx, session_id)
    manner = Manner(
        person=resident.id,
        origin=BookingOrigin.DOCTOR,
        until=_answer_by(ctx, session.starts_at),
        quotas=DOCTORS,
        staff_id=ctx.actor.id,
    )
    try:
        booking_id, _ = offer(ctx, session_id, manner, wish)
    except OwnBookings as theirs:
        raise NotNow(NOT_THEN) from theirs
    return _appointment(ctx, booking_id)


def _require_room(ctx: Context, resident_id: UUID, session_id: UUID) -> None:
    """One doctor's proposals come in turn, so that two at once cannot pass the limit."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(str(ctx.actor.id)))))
    here = select(Booking.state).where(
        Booking.session_id == session_id, Booking.origin == BookingOrigin.DOCTOR
    )
    refused = Booking.state.in_([BookingState.LAPSED, BookingState.DECLINED])
    theirs = here.where(Booking.resident_id == resident_id, refused)
    if db.session.execute(theirs.limit(1)).first():
        raise ProposalUnanswered
    open_ones = here.where(Booking.staff_id == ctx.actor.id, Booking.state == BookingState.HELD)
    if len(db.session.execute(open_ones).all()) >= policy_of(ctx.region).most_proposals:
        raise TooManyProposals


def _answer_by(ctx: Context, starts_at: datetime) -> datetime:
    """Some hours from now, and not later than the session begins."""
    return min(ctx.at + policy_of(ctx.region).proposal, starts_at)


@admitted(policy.at_desk)
def book_at_desk(
    ctx: Context,
    claimed: Claim,
    session_id: UUID,
    wish: Wish = Wish(),  # noqa: B008
) -> Appointment:
    """Book for the person at the desk: no rest after missed seats, up to the beginning.

    Raises what `identity.present` and `claim` raise; limits hold here as well.
    """
    person = _served(ctx, claimed)
    booking_id = new_id()
    manner = Manner(person=person.id, origin=BookingOrigin.DESK, staff_id=ctx.actor.id)
    row = claim(ctx, booking_id, session_id, wish, policy_of(ctx.region), manner)
    sensitive.mark(ctx, person.id, [booking_id], Traits(specialty=row.specialty))
    record(ctx, BookingMade(person.id, booking_id, session_id))
    return _appointment(ctx, booking_id)


@admitted(policy.at_desk)
def bookings_at_desk(ctx: Context, claimed: Claim) -> Sequence[Appointment]:
    """What the person at the desk has ahead, the next hour first."""
    person = _served(ctx, claimed)
    found = select(Booking).where(
        Booking.resident_id == person.id, Booking.state.in_(ENDINGS), Booking.ends_at > ctx.at
    )
    rows = db.session.execute(_whole(found).order_by(Booking.starts_at)).scalars()
    return [queries.appointment(ctx, booking) for booking in rows]


@admitted(policy.at_desk)
def cancel_at_desk(ctx: Context, claimed: Claim, booking_id: UUID) -> Appointment:
    """Give the seat of the person at the desk back, however near it is.

    Raises `NotFound` where it is not that person's, `IllegalMove` where it has ended.
    """
    person = _served(ctx, claimed)
    booking = queries.lock(booking_id)
    if booking.resident_id != person.id:
        raise NotFound
    give_back(ctx, booking, ENDINGS.get(booking.state, BookingAct.CANCEL))
    return _appointment(ctx, booking_id)


def _served(ctx: Context, claimed: Claim) -> Resident:
    person = identity.present(ctx, claimed)
    if person.is_closed:
        raise identity.PersonClosed
    return person


def _whole(found: Select[Booking]) -> Select[Booking]:
    return found.options(joinedload(Booking.session).options(*queries.SHOWN))


def _appointment(ctx: Context, booking_id: UUID) -> Appointment:
    return queries.appointment(ctx, one(_whole(select(Booking).where(Booking.id == booking_id))))
