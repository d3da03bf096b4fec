"""Drafts of rosters: made of plans, several or none at all."""

from collections.abc import Iterable, Sequence

from backend.clinics import roster_queries
from backend.clinics.events import RosterMade
from backend.clinics.models import Roster, RosterState
from backend.clinics.roster_conflicts import findings
from backend.clinics.roster_models import BatchKind, RosterBatch
from backend.clinics.roster_plans import Plan, faults
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid
from backend.kernel.events import record


def draft_all(ctx: Context, plans: Iterable[tuple[str, Plan, Roster | None]]) -> Sequence[Roster]:
    """Draft several, or none: raises `Invalid` with the faults of all, each under its pointer."""
    drafts, wrong = [], []
    for pointer, plan, replaced in plans:
        try:
            drafts.append(draft(ctx, plan, replaced))
        except Invalid as refusal:
            wrong += [Fault(pointer + each.pointer, each.detail) for each in refusal.faults]
    if wrong:
        raise Invalid(faults=wrong)
    return drafts


def begin_batch(ctx: Context, kind: BatchKind, title: str) -> RosterBatch:
    """What rosters of one act hang on."""
    batch = RosterBatch(kind=kind, title=title, made_by=ctx.actor.id, made_at=ctx.at)
    db.session.add(batch)
    db.session.flush()
    return batch


def draft(ctx: Context, plan: Plan, replaced: Roster | None = None) -> Roster:
    """A draft that nobody keeps yet; raises `Invalid`."""
    filled = plan.filled(ctx)
    wrong = [*faults(ctx, plan, filled, replaced)]
    if replaced is not None and filled.institution_id != replaced.institution_id:
        wrong.append(Fault("/institution_id", "要换机构，请结束这个排班，再在新机构新增"))
    if wrong:
        raise Invalid(faults=wrong)
    return Roster(
        **filled.values,
        state=RosterState.DRAFT,
        replaces_id=replaced and replaced.id,
        batch_id=None,
    )


def require_free(ctx: Context, rosters: Sequence[Roster]) -> None:
    """Raise `Invalid` where they could not be published."""
    with db.session.no_autoflush:
        hard = [each for each in findings(ctx, rosters) if each.is_hard]
    if hard:
        raise Invalid(faults=[Fault(each.pointer, each.detail) for each in hard])


def add(
    ctx: Context, rosters: Sequence[Roster], batch: RosterBatch | None = None
) -> Sequence[Roster]:
    """Keep drafts, of one act where there is a batch; as they are shown."""
    for roster in rosters:
        roster.batch_id = batch.id if batch else None
    db.session.add_all(rosters)
    db.session.flush()
    record(ctx, *(RosterMade(each.id, each.institution_id) for each in rosters))
    return [roster_queries.roster(ctx, each.id) for each in rosters]
