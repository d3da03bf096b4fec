"""Lines of the log that leave the product as evidence: with the second factor, not too many."""

from collections.abc import Sequence

from sqlalchemy import select

from backend.auditing import policy, queries
from backend.auditing.models import Disclosure
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid
from backend.kernel.policy import admitted, require_step_up

MOST = 10_000


@admitted(policy.gathers_evidence)
def gather(ctx: Context, sought: queries.Sought) -> Sequence[Disclosure]:
    """The lines that fit, the oldest first; raises `StepUpNeeded`, `Invalid` above 10,000."""
    require_step_up(ctx)
    seen = select(Disclosure).where(policy.visible_to(ctx))
    found = queries.narrowed(seen, sought).order_by(Disclosure.at, Disclosure.id)
    rows = db.session.execute(found.limit(MOST + 1)).scalars().all()
    if len(rows) > MOST:
        raise Invalid(faults=[Fault("/query/last", f"一次最多导出 {MOST} 条，请缩短日期范围")])
    return rows
