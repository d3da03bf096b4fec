"""爽约记录: what is held against a person, openly; explained in one act, judged by the house."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from backend import identity
from backend.clinics import attendance_policy, policy, strike_queries, strikes
from backend.clinics.attendance_errors import ByAnother, TooLateToAppeal
from backend.clinics.attendance_events import StrikeAppealed
from backend.clinics.attendance_policy import DESK
from backend.clinics.attendance_rules import attendance_of, rests_until
from backend.clinics.models import ClinicSession
from backend.clinics.rules import policy_of
from backend.clinics.strike_models import STRIKE_LIFE, Strike, StrikeAct, StrikeState
from backend.clinics.strike_queries import Noted
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.events import record
from backend.kernel.policy import admitted, by_clock, permitted

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class OwnStrikes:
    """What is held against a person, and until when online booking rests for it."""

    resident_id: UUID
    items: Sequence[Noted]
    counting: int
    most: int
    rests_until: datetime | None
    late_cancel_hours: int


@admitted(policy.to_book)
def own(ctx: Context) -> OwnStrikes:
    """Every strike of the person acted for, the newest first, and what they cost now."""
    items = strike_queries.own(ctx)
    rule = policy_of(ctx.region).strikes
    standing = [one.strike.at for one in items if one.strike.state is not StrikeState.LIFTED]
    counting = [at for at in standing if at > ctx.at - rule.window]
    hours = attendance_of(ctx.region).late_cancel_hours
    rest = rests_until(standing, ctx.at, rule)
    return OwnStrikes(ctx.person, items, len(counting), rule.most, rest, hours)


@permitted(attendance_policy.own_strike)
def appeal(ctx: Context, strike: Strike, because: str) -> Noted:
    """Say why; raises `IllegalMove` the second time, `TooLateToAppeal`."""
    state = STRIKE_LIFE.after(strike.state, StrikeAct.APPEAL)
    if ctx.at > strike.at + attendance_of(ctx.region).appeal:
        raise TooLateToAppeal
    strike.state, strike.appealed_at, strike.because = state, ctx.at, because
    record(ctx, StrikeAppealed(strike.resident_id, strike.id))
    return strike_queries.find(ctx, strike.id)


@permitted(attendance_policy.strike_of_own_house)
def decide(ctx: Context, strike: Strike, answer: str, *, is_lifted: bool) -> Noted:
    """Lift it, or let it stand, with an answer; raises `IllegalMove`, `ByAnother`."""
    act = StrikeAct.LIFT if is_lifted else StrikeAct.UPHOLD
    STRIKE_LIFE.after(strike.state, act)
    session = strike_queries.find(ctx, strike.id).session
    if ctx.actor.id in {session.began_by, session.expert_id} and _others(ctx, session):
        raise ByAnother
    strikes.settle(ctx, strike, act, answer)
    return strike_queries.find(ctx, strike.id)


def _others(ctx: Context, session: ClinicSession) -> bool:
    """Whether somebody works at the desk of that house who did not record the day."""
    involved = {session.began_by, session.expert_id}
    return any(
        set(identity.working_at(ctx, session.institution_id, role)) - involved
        for role in sorted(DESK)
    )


@admitted(by_clock)
def lift_unanswered(ctx: Context) -> int:
    """Lift up to a hundred strikes whose house did not answer in time; returns how many."""
    late = Strike.appealed_at <= ctx.at - attendance_of(ctx.region).decide
    due = select(Strike.id).where(Strike.state == StrikeState.APPEALED, late)
    found = db.session.execute(due.order_by(Strike.appealed_at).limit(AT_ONCE)).scalars().all()
    return sum(_lifted(ctx, strike_id) for strike_id in found)


def _lifted(ctx: Context, strike_id: UUID) -> bool:
    """Whether it still waited: the house may have been first."""
    strike = strike_queries.hold(ctx, strike_id)
    if strike.state is not StrikeState.APPEALED:
        return False
    strikes.settle(ctx, strike, StrikeAct.LIFT)
    return True
