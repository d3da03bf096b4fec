"""What happens by itself: nothing that anybody may do hangs on it, the relations' dates decide."""

from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.events import record
from backend.kernel.policy import admitted, by_clock
from backend.proxies import effects, queries
from backend.proxies.events import GuardianNarrowed
from backend.proxies.models import Act, EndReason

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
