"""Seats that would do instead of one that was lost."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from backend import network
from backend.clinics import queries
from backend.clinics.displacement_models import Displacement
from backend.clinics.displacement_rules import CascadePolicy, answer_by, cascade_of
from backend.clinics.models import (
    Allocation,
    Booking,
    BookingOrigin,
    BookingState,
    ClinicSession,
    Quota,
    Seat,
    SessionState,
)
from backend.clinics.rules import policy_of
from backend.identity import Resident
from backend.kernel.context import Context
from backend.kernel.database import db, one

MOST_SHOWN = 20
RE_OFFERED = (Quota.OPEN, Quota.SIGNED, Quota.FAMILY_DOCTOR)


def quotas_of(origin: BookingOrigin) -> Sequence[Quota]:
    """From which quotas a seat may come instead of one that came about so."""
    return (*RE_OFFERED, Quota.REFERRAL) if origin is BookingOrigin.REFERRAL else RE_OFFERED


def equivalents(ctx: Context, row: Displacement) -> Sequence[ClinicSession]:
    """Sessions that would do instead and have a seat left, those after the old hour first.

    Of the same specialty and service, near home or the old house, some days around the old hour,
    with time left to answer; a scarce one only where the old one was. The session that stands in
    for the old one comes before all.
    """
    old = one(select(ClinicSession).where(ClinicSession.id == row.session_id))
    lost = one(select(Booking).where(Booking.id == row.booking_id))
    own = cascade_of(ctx.region)
    found = (
        select(ClinicSession)
        .join(ClinicSession.institution)
        .where(*_alike(old, own), *_free(ctx, quotas_of(lost.origin)), _near(row, old, own))
        .options(*queries.SHOWN)
    )
    apart = func.abs(func.extract("epoch", ClinicSession.starts_at - old.starts_at))
    stands_in = ClinicSession.id == old.moved_to
    order = (stands_in.is_(True).desc(), ClinicSession.starts_at < old.starts_at, apart)
    rows = db.session.execute(found.order_by(*order, ClinicSession.id).limit(MOST_SHOWN)).scalars()
    return [each for each in rows if _can_answer(ctx, each)]


def _can_answer(ctx: Context, session: ClinicSession) -> bool:
    ours = cascade_of(ctx.region), policy_of(ctx.region)
    return answer_by(session.starts_at, ctx.at, *ours) is not None


def _alike(old: ClinicSession, own: CascadePolicy) -> list[ColumnElement[bool]]:
    around = old.starts_at - own.within, old.starts_at + own.within
    near_in_time = ClinicSession.starts_at.between(*around)
    return [
        ClinicSession.id != old.id,
        ClinicSession.specialty == old.specialty,
        ClinicSession.service == old.service,
        or_(near_in_time, ClinicSession.id == old.moved_to),
        ClinicSession.is_scarce.in_([False, old.is_scarce]),
    ]


def _free(ctx: Context, quotas: Sequence[Quota]) -> list[ColumnElement[bool]]:
    """A seat is left that may be given instead; a lottery's only after its draw."""
    may = Seat.quota.in_(quotas) | (Seat.flows_at <= ctx.at)
    seat = select(Seat.id).where(Seat.session_id == ClinicSession.id, Seat.is_free, may)
    drawn = ClinicSession.releases_at <= ctx.at
    return [
        ClinicSession.state == SessionState.OPEN,
        ClinicSession.starts_at > ctx.at,
        or_(ClinicSession.allocation != Allocation.LOTTERY, drawn),
        seat.exists(),
    ]


def _near(row: Displacement, old: ClinicSession, own: CascadePolicy) -> ColumnElement[bool]:
    house = one(select(network.Institution).where(network.Institution.id == old.institution_id))
    person = select(Resident.latitude, Resident.longitude).where(Resident.id == row.resident_id)
    home = db.session.execute(person).one_or_none()
    places = [(house.latitude, house.longitude)]
    if home is not None and home.latitude is not None and home.longitude is not None:
        places.append((home.latitude, home.longitude))
    return or_(*(network.distance_m(*place) <= own.reach_m for place in places))


def offered_before(row: Displacement) -> Sequence[UUID]:
    """The sessions whose seat was kept for the person since, in vain."""
    found = select(Booking.session_id).where(
        Booking.resident_id == row.resident_id,
        Booking.origin == BookingOrigin.RE_OFFER,
        Booking.state.in_([BookingState.LAPSED, BookingState.DECLINED]),
        Booking.booked_at >= row.opened_at,
    )
    return db.session.execute(found).scalars().all()
