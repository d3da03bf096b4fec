"""再次留号: an equivalent seat is kept for who lost one, until the person answers."""

from contextlib import suppress
from uuid import UUID

from sqlalchemy import select

from backend import identity
from backend.clinics import displacement_queries
from backend.clinics.claim import Manner
from backend.clinics.displacement_events import DisplacedWaiting
from backend.clinics.displacement_models import (
    Displacement,
    DisplacementAct,
    DisplacementState,
)
from backend.clinics.displacement_rules import answer_by, cascade_of
from backend.clinics.displacing import settle
from backend.clinics.equivalents import equivalents, offered_before, quotas_of
from backend.clinics.models import Booking, BookingOrigin, ClinicSession
from backend.clinics.offering import offer
from backend.clinics.rules import policy_of
from backend.kernel.context import Context
from backend.kernel.database import db, one
from backend.kernel.errors import Conflict, Unavailable
from backend.kernel.events import record
from backend.kernel.policy import admitted, by_clock
from backend.kernel.transaction import attempt

TRIES = 8


@admitted(by_clock)
def seek(ctx: Context, displacement_id: UUID) -> bool:
    """Keep an equivalent seat for a person, if there is one; whether one is kept now.

    Where there is none the desk is told, once. Again is no change while one is kept.
    """
    found = select(Displacement).where(Displacement.id == displacement_id)
    row = displacement_queries.hold_row(one(found))
    if row.state is not DisplacementState.OPEN or _is_kept(row.offer_id):
        return row.offer_id is not None
    if identity.is_closed(row.resident_id):
        settle(ctx, row, DisplacementAct.CLOSE)
        return False
    row.sought_at = ctx.at
    row.offer_id = _kept(ctx, row)
    if row.offer_id is None and row.desk_told_at is None:
        row.desk_told_at = ctx.at
        record(ctx, DisplacedWaiting(row.resident_id, row.id, row.institution_id))
    return row.offer_id is not None


def _is_kept(offer_id: UUID | None) -> bool:
    return offer_id is not None and db.session.get_one(Booking, offer_id).ended_at is None


def _kept(ctx: Context, row: Displacement) -> UUID | None:
    """The booking that keeps the nearest seat that can be had; none is offered twice."""
    in_vain = set(offered_before(row))
    for session in equivalents(ctx, row)[:TRIES]:
        if session.id in in_vain:
            continue
        with suppress(Conflict, Unavailable), attempt():
            booking_id, _ = offer(ctx, session.id, _manner(ctx, row, session))
            return booking_id
    return None


def _manner(ctx: Context, row: Displacement, session: ClinicSession) -> Manner:
    lost = db.session.get_one(Booking, row.booking_id)
    ours = cascade_of(ctx.region), policy_of(ctx.region)
    return Manner(
        person=row.resident_id,
        origin=BookingOrigin.RE_OFFER,
        until=answer_by(session.starts_at, ctx.at, *ours),
        quotas=quotas_of(lost.origin),
        is_first=True,
        is_limited=False,
    )
