"""Arrange rosters as drafts, see what stands against them, publish them, end them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import delete, select

from backend.clinics import policy, roster_queries
from backend.clinics.closing_service import cancel_session
from backend.clinics.errors import RosterClash
from backend.clinics.events import RosterEnded, RosterPublished
from backend.clinics.following import follow
from backend.clinics.horizon import fill
from backend.clinics.models import ROSTER_LIFE, ClinicSession, Roster, RosterAct, RosterState
from backend.clinics.roster_conflicts import Finding, findings
from backend.clinics.roster_drafts import add, begin_batch, draft, draft_all, require_free
from backend.clinics.roster_models import BatchKind, RosterException
from backend.clinics.roster_plans import Plan
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid, NotFound
from backend.kernel.events import record
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.policy import admitted, by_manager, permitted

ROSTER_ENDED = "这个门诊不再开设"
LONGEST_POSTING = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Published:
    """What people can count on now, and the sessions left as they were for somebody to decide."""

    rosters: Sequence[Roster]
    left: Sequence[ClinicSession]


@admitted(policy.by_clock_or_manager)
def generate(ctx: Context, limit: int = 25) -> int:
    """Make up to `limit` sessions that the horizon lacks, with their seats; returns how many.

    For a manager those of the own houses. What exists is left as it is; whoever sits elsewhere at
    that hour, or could not come from there in time, is passed over.
    """
    return fill(ctx, limit)


@admitted(by_manager)
def arrange(ctx: Context, plan: Plan) -> Roster:
    """Draft a clinic in a house of the manager; raises `Invalid` with pointers.

    What is published stands in its way at once, other drafts when one of them is published.
    """
    roster = draft(ctx, plan)
    require_free(ctx, [roster])
    return add(ctx, [roster])[0]


@permitted(policy.roster_of_own_house)
def revise(ctx: Context, roster: Roster, plan: Plan) -> Roster:
    """Draft a change of a published roster; it takes the roster's place when it is published."""
    if roster.state is RosterState.DRAFT:
        raise IllegalMove
    changed = draft(ctx, plan, replaced=roster)
    require_free(ctx, [changed])
    return add(ctx, [changed])[0]


@admitted(by_manager)
def post(ctx: Context, plans: Sequence[Plan], title: str) -> Sequence[Roster]:
    """驻点: draft a long stay in one act: each plan is a part of the week; raises `Invalid`."""
    wrong = [
        Fault(f"/shifts/{n}/ends_on", "驻点要写明结束日期，最长一年")
        for n, plan in enumerate(plans)
        if plan.ends_on is None or plan.ends_on - plan.starts_on > LONGEST_POSTING
    ]
    if wrong:
        raise Invalid(faults=wrong)
    rosters = draft_all(ctx, [(f"/shifts/{n}", plan, None) for n, plan in enumerate(plans)])
    require_free(ctx, rosters)
    return add(ctx, rosters, begin_batch(ctx, BatchKind.POSTING, title))


@admitted(by_manager)
def conflicts(ctx: Context, ids: Collection[UUID]) -> Sequence[Finding]:
    """What there is to know before these drafts are published; raises `NotFound`."""
    return findings(ctx, _drafts(roster_queries.drafts(ctx, ids), ids))


@admitted(by_manager)
def publish(ctx: Context, ids: Collection[UUID]) -> Published:
    """Let people count on drafts: all of them, or none.

    A change takes the place of what it changes, and sessions nobody has a seat in follow. Raises
    `NotFound`, `IllegalMove`, `RosterClash`.
    """
    drafts = _drafts(roster_queries.hold_rosters(ctx, ids), ids)
    changing = {each.replaces_id for each in drafts if each.replaces_id}
    before = {each.id: each for each in roster_queries.hold_rosters(ctx, changing)}
    roster_queries.hold_places(roster_queries.places(drafts))
    hard = [each for each in findings(ctx, drafts) if each.is_hard]
    if hard:
        raise RosterClash(faults=[_where(each) for each in hard])

    rosters = [_in_force(each, before) for each in drafts]
    left = follow(ctx, [each for each in rosters if each.id in before])
    record(ctx, *(RosterPublished(each.id, each.institution_id) for each in rosters))
    return Published(_shown(ctx, rosters), left)


def _drafts(found: Sequence[Roster], ids: Collection[UUID]) -> Sequence[Roster]:
    if not ids or len(found) < len(set(ids)):
        raise NotFound
    for each in found:
        ROSTER_LIFE.after(each.state, RosterAct.PUBLISH)
    return found


def _where(finding: Finding) -> Fault:
    told = f"{finding.detail}（{finding.first_on:%Y年%m月%d日}起，{finding.days} 天）"
    return Fault(f"/rosters/{finding.roster_id}{finding.pointer}", told)


def _in_force(drafted: Roster, before: dict[UUID, Roster]) -> Roster:
    """The roster that people count on now: the draft itself, or the one it was a change of."""
    if drafted.replaces_id is None:
        drafted.state = ROSTER_LIFE.after(drafted.state, RosterAct.PUBLISH)
        return drafted
    roster = before[drafted.replaces_id]
    for name in (*Plan.__slots__, "crew"):
        setattr(roster, name, getattr(drafted, name))
    db.session.delete(drafted)
    return roster


def _shown(ctx: Context, rosters: Sequence[Roster]) -> Sequence[Roster]:
    db.session.flush()
    return [roster_queries.roster(ctx, each.id) for each in rosters]


@permitted(policy.roster_of_own_house)
def discard(_ctx: Context, roster: Roster) -> None:
    """Throw a draft away; raises `IllegalMove` for what people count on."""
    ROSTER_LIFE.after(roster.state, RosterAct.PUBLISH)
    db.session.execute(delete(RosterException).filter_by(roster_id=roster.id))
    db.session.delete(roster)


@permitted(policy.roster_of_own_house)
def end_roster(ctx: Context, roster: Roster, ends_on: date) -> Roster:
    """Hold no clinic after a day; sessions already made after it are cancelled, one by one."""
    if roster.state is RosterState.DRAFT:
        raise IllegalMove
    if ends_on < max(ctx.today, roster.starts_on):
        raise Invalid(faults=[Fault("/ends_on", "结束日期不能早于今天和开始日期")])
    for session in _later(roster, ends_on):
        cancel_session(ctx, session, ROSTER_ENDED)
    roster.ends_on = ends_on
    record(ctx, RosterEnded(roster.id, ends_on))
    return roster


def _later(roster: Roster, after: date) -> Sequence[ClinicSession]:
    found = select(ClinicSession).filter_by(roster_id=roster.id, state="open")
    later = found.where(ClinicSession.day > after)
    return db.session.execute(later.order_by(ClinicSession.day)).scalars().all()
