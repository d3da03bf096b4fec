"""What happens by itself: nothing that anybody may do hangs on it, the relations' dates decide."""

from datetime import datetime, time

from sqlalchemy import func

from backend.kernel.calendar import SHANGHAI, add_months
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.events import record
from backend.kernel.forgetting import blank
from backend.kernel.policy import admitted, by_clock
from backend.kernel.retention import RETENTION
from backend.proxies import effects, queries
from backend.proxies.events import GuardianNarrowed
from backend.proxies.models import WAITING, Act, EndReason, Mandate, State

AT_ONCE = 500


@admitted(by_clock)
def lapse(ctx: Context, limit: int = AT_ONCE) -> int:
    """Close what nobody answered in time; returns how many."""
    found = db.session.execute(queries.waiting_too_long(ctx, limit)).scalars().all()
    for mandate in found:
        effects.close(mandate, Act.LAPSE)
    return len(found)


@admitted(by_clock)
def expire(ctx: Context, limit: int = AT_ONCE) -> int:
    """End what is over, so that both are told; returns how many."""
    found = db.session.execute(queries.over(ctx, limit)).scalars().all()
    for mandate in found:
        reason = EndReason.CAME_OF_AGE if mandate.is_guardian else EndReason.EXPIRED
        effects.end(ctx, mandate, Act.END, reason, None)
    return len(found)


@admitted(by_clock)
def tell_narrowed(ctx: Context, limit: int = AT_ONCE) -> int:
    """Let child and guardian know that the child has a say now; returns how many."""
    found = db.session.execute(queries.guardians_to_tell(ctx, limit)).scalars().all()
    for mandate in found:
        mandate.narrowing_told_at = ctx.at
        child, guardian = mandate.sides
        record(ctx, GuardianNarrowed(child, mandate.id, guardian))
    return len(found)


@admitted(by_clock)
def forget_papers(ctx: Context, limit: int = AT_ONCE) -> int:
    """Forget which document was seen, where a mandate is over for as long as one may sue.

    Who acted for whom stays, with its dates; returns how many.
    """
    months = RETENTION.on(ctx.today).mandate.months
    day = add_months(ctx.today, -months)
    ended = func.coalesce(Mandate.ended_at, Mandate.expires_at)
    over = Mandate.state.not_in([*WAITING, State.ACTIVE])
    written = func.num_nonnulls(Mandate.proof_number_sealed, Mandate.invited_name_sealed) > 0
    old = over & written & (ended < datetime.combine(day, time.min, SHANGHAI))
    names = ("proof_number_sealed", "invited_name_sealed")
    return blank(Mandate.__table__, old, *names, limit=limit)
