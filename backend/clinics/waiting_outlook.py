"""What can honestly be said of how likely a seat is: what happened lately, never a promise."""

from sqlalchemy import func, select

from backend.clinics.models import Booking, BookingState, ClinicSession, SessionState
from backend.clinics.waiting_rules import waiting_policy
from backend.kernel.context import Context
from backend.kernel.database import db

GIVEN_BACK = (
    BookingState.CANCELLED,
    BookingState.MOVED,
    BookingState.DECLINED,
    BookingState.LAPSED,
)


def usually_given_back(ctx: Context, session: ClinicSession) -> float | None:
    """Seats that came back per session of this expert in this house lately.

    `None` where there were too few sessions to say anything.
    """
    figures = waiting_policy(ctx.region)
    lately = (
        select(ClinicSession.id)
        .where(
            ClinicSession.expert_id == session.expert_id,
            ClinicSession.institution_id == session.institution_id,
            ClinicSession.specialty == session.specialty,
            ClinicSession.state == SessionState.OPEN,
            ClinicSession.ends_at <= ctx.at,
        )
        .order_by(ClinicSession.starts_at.desc())
        .limit(figures.sessions_to_judge)
    )
    held = db.session.execute(lately).scalars().all()
    if len(held) < figures.sessions_to_judge:
        return None
    back = Booking.session_id.in_(held) & Booking.state.in_(GIVEN_BACK)
    count = db.session.execute(select(func.count()).where(back)).scalar_one()
    return round(count / len(held), 1)
