"""What somebody may expect of a session before booking it: the price, and how long one waits."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from backend.clinics import queries
from backend.clinics.models import Booking, ClinicSession
from backend.clinics.rules import Price, policy_of, price_of
from backend.kernel.context import Context
from backend.kernel.database import db

LOOKED_BACK = timedelta(days=90)
LEAST_SEEN = 10


@dataclass(frozen=True, slots=True)
class Expectation:
    """`wait_minutes`: what half of those seen by this expert here waited at most.

    Counted from the seat's minute or the arrival, whichever was later, over `seen` people of the
    last 90 days; `None` where they were too few to say.
    """

    price: Price | None
    wait_minutes: int | None
    seen: int


def expectation(ctx: Context, session_id: UUID) -> Expectation:
    """The price of a session and the wait to expect; raises `NotFound`."""
    session = queries.session(ctx, session_id)
    half, seen = _waited(ctx, session)
    minutes = round(half.total_seconds() / 60) if half is not None and seen >= LEAST_SEEN else None
    return Expectation(price_of(session.expert.title, policy_of(ctx.region)), minutes, seen)


def _waited(ctx: Context, session: ClinicSession) -> tuple[timedelta | None, int]:
    wait = Booking.seen_at - func.greatest(Booking.arrived_at, Booking.starts_at)
    waited = func.greatest(wait, timedelta(0))
    found = (
        select(func.percentile_disc(0.5).within_group(waited), func.count())
        .join(Booking.session)
        .where(
            ClinicSession.expert_id == session.expert_id,
            ClinicSession.institution_id == session.institution_id,
            ClinicSession.starts_at.between(ctx.at - LOOKED_BACK, ctx.at),
            Booking.seen_at.is_not(None),
        )
    )
    half, seen = db.session.execute(found).one()
    return half, seen
