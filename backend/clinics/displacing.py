"""Who lost a seat, and what they said; its callers have asked whether they may.

Rows are locked after the person, the seats, the sessions and the bookings.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select, update

from backend.clinics.displacement_events import DisplacementAnswered
from backend.clinics.displacement_models import (
    DISPLACEMENT_LIFE,
    Displacement,
    DisplacementAct,
    DisplacementState,
)
from backend.clinics.models import Booking, BookingOrigin, BookingState, ClinicSession
from backend.kernel.context import CLINICAL, Context
from backend.kernel.database import db
from backend.kernel.events import record

HAD_A_SEAT = frozenset({BookingState.BOOKED, BookingState.ARRIVED})


def displace(
    ctx: Context, session: ClinicSession, lost: Sequence[Booking]
) -> Sequence[Displacement]:
    """Open a row for each of these bookings, which lose their seat now."""
    rows = [
        Displacement(
            booking_id=booking.id,
            resident_id=booking.resident_id,
            session_id=session.id,
            institution_id=session.institution_id,
            opened_at=ctx.at,
        )
        for booking in lost
    ]
    db.session.add_all(rows)
    db.session.flush()
    return rows


def lose_offers(offers: Collection[UUID]) -> None:
    """What was kept for people instead of a lost seat is gone too: it is looked for anew."""
    theirs = update(Displacement).where(Displacement.offer_id.in_(offers))
    db.session.execute(theirs.values(offer_id=None, sought_at=None))


def follow(ctx: Context, booking: Booking, act: DisplacementAct | None) -> None:
    """What was kept instead of a lost seat was confirmed or declined, or is gone (`None`)."""
    if booking.origin is not BookingOrigin.RE_OFFER:
        return
    asked = (Displacement.offer_id == booking.id) & (Displacement.state == DisplacementState.OPEN)
    found = select(Displacement).where(asked).with_for_update()
    row = db.session.execute(found.execution_options(populate_existing=True)).scalar_one_or_none()
    if row is None:
        return
    if act is None:
        row.offer_id, row.sought_at = None, None
    else:
        settle(ctx, row, act)


def settle(ctx: Context, row: Displacement, act: DisplacementAct) -> None:
    """The person has answered; raises `IllegalMove` where that was so before."""
    row.state = DISPLACEMENT_LIFE.after(row.state, act)
    row.answered_at = ctx.at
    row.answered_by = ctx.actor.id if ctx.actor.role in CLINICAL else None
    record(ctx, DisplacementAnswered(row.resident_id, row.id, row.state))


def close_displacements(ctx: Context, resident_id: UUID) -> None:
    """Nobody asks this person any more."""
    open_ones = (Displacement.resident_id == resident_id) & (
        Displacement.state == DisplacementState.OPEN
    )
    found = select(Displacement).where(open_ones).order_by(Displacement.id).with_for_update()
    fresh = found.execution_options(populate_existing=True)
    for row in db.session.execute(fresh).scalars().all():
        settle(ctx, row, DisplacementAct.CLOSE)
