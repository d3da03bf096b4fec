"""紧急调阅: a stranger's record is open for a few hours, the person is told, another judges it."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import insert

from backend import identity
from backend.auditing import policy, queries
from backend.auditing.errors import NobodyFound, TooManyEmergencies
from backend.auditing.events import (
    EmergencyAccessBegun,
    EmergencyAccessEscalated,
    EmergencyAccessExceeded,
    EmergencyAccessMissed,
    EmergencyAccessReviewed,
    EmergencyCallMade,
    EmergencyCallPlanned,
)
from backend.auditing.models import LIFE, Act, Emergency, EmergencyAccess, Verdict
from backend.auditing.rules import SHORTEST_REASON
from backend.kernel.context import NOBODY, Context
from backend.kernel.database import db
from backend.kernel.errors import Fault, Invalid
from backend.kernel.events import record
from backend.kernel.policy import admitted, permitted, require_step_up
from backend.kernel.relations import Kind, part, relate


@dataclass(frozen=True, slots=True)
class Whom:
    """The person: by id, or by name and any document of theirs."""

    resident_id: UUID | None = None
    claim: identity.Claim | None = None


@admitted(policy.in_an_emergency)
def begin(ctx: Context, whom: Whom, kind: Emergency, reason: str) -> EmergencyAccess:
    """Let the doctor read this person's record for the region's hours, and change nothing.

    Raises `StepUpNeeded`, `Invalid`, `NobodyFound`, `TooManyEmergencies`.
    """
    require_step_up(ctx)
    _require_reason(reason)
    _require_place(ctx)
    resident_id = _person(ctx, whom)
    if resident_id is None:
        record(ctx, EmergencyAccessMissed(ctx.actor.id))
        raise NobodyFound
    access = _placed(ctx, resident_id, kind, reason)
    relate(
        ctx,
        resident_id,
        ctx.actor.id,
        Kind.EMERGENCY,
        source_id=access.id,
        until=access.ends_at,
    )
    told = EmergencyAccessBegun(access.id, resident_id, access.institution_id, kind, access.ends_at)
    record(ctx, told)
    return access


def _require_reason(reason: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid(faults=[Fault("/reason", f"请写明紧急情况，至少{SHORTEST_REASON}个字")])


def _require_place(ctx: Context) -> None:
    """Before anybody is looked for: whoever may not open a record learns of nobody."""
    if queries.opened_today(ctx) >= queries.policy_of(ctx).emergencies_per_day:
        record(ctx, EmergencyAccessExceeded(ctx.actor.id))
        raise TooManyEmergencies


def _person(ctx: Context, whom: Whom) -> UUID | None:
    claimed = whom.resident_id if whom.claim is None else identity.person_claimed(ctx, whom.claim)
    return queries.person_in_danger(claimed or NOBODY)


def _placed(ctx: Context, resident_id: UUID, kind: Emergency, reason: str) -> EmergencyAccess:
    """A row in the doctor's next free place of the day, as long as there is one."""
    figures = queries.policy_of(ctx)
    told = EmergencyAccess(reason=reason)
    facts = {
        "id": told.id,
        "resident_id": resident_id,
        "staff_id": ctx.actor.id,
        "institution_id": ctx.actor.institution or NOBODY,
        "kind": kind,
        "reason_sealed": told.reason_sealed,
        "day": ctx.today,
        "begun_at": ctx.at,
        "ends_at": ctx.at + timedelta(hours=figures.emergency_hours),
        "review_by": ctx.at + timedelta(hours=figures.review_within_hours),
        "state": "awaiting",
    }
    # A place lost to another request is looked for anew; places are few, so the tries are too.
    for _ in range(figures.emergencies_per_day):
        if _took_place(facts, figures.emergencies_per_day):
            return db.session.get_one(EmergencyAccess, facts["id"])
    raise TooManyEmergencies


def _took_place(facts: dict[str, object], most: int) -> bool:
    table = EmergencyAccess.__table__
    mine = table.c.staff_id == facts["staff_id"], table.c.day == facts["day"]
    taken = select(func.count().label("number")).select_from(table).where(*mine).subquery()
    given = [literal(value, table.c[name].type) for name, value in facts.items()]
    row = select(*given, taken.c.number + 1).where(taken.c.number < most)
    into = insert(table).from_select([*facts, "place_of_day"], row)  # type: ignore[arg-type]
    placed = into.on_conflict_do_nothing()
    return db.session.execute(placed.returning(table.c.id)).first() is not None


@permitted(policy.another)
def review(ctx: Context, access: EmergencyAccess, verdict: Verdict, note: str) -> EmergencyAccess:
    """Judge what another did; what was not justified ends at once. Raises `IllegalMove`."""
    access.state = LIFE.after(access.state, Act.REVIEW)
    access.reviewed_at, access.reviewed_by = ctx.at, ctx.actor.id
    access.verdict, access.note = verdict, note
    if verdict is Verdict.UNJUSTIFIED:
        part(ctx, [access.id])
    record(ctx, EmergencyAccessReviewed(access.id, access.resident_id, verdict))
    return access


@permitted(policy.the_clock)
def escalate(ctx: Context, access: EmergencyAccess) -> EmergencyAccess:
    """Nobody reviewed it in time: the consortium and the auditors see it. Raises `IllegalMove`."""
    access.state, access.escalated_at = LIFE.after(access.state, Act.ESCALATE), ctx.at
    record(ctx, EmergencyAccessEscalated(access.id, access.institution_id))
    return access


@permitted(policy.the_clock)
def plan_call(ctx: Context, access: EmergencyAccess) -> EmergencyAccess:
    """No message reached the resident: the house calls. Twice changes nothing."""
    if not access.to_call:
        access.to_call = True
        record(ctx, EmergencyCallPlanned(access.id, access.resident_id))
    return access


@permitted(policy.the_house)
def call(ctx: Context, access: EmergencyAccess) -> EmergencyAccess:
    """The house told the resident by telephone. Twice changes nothing."""
    if access.called_at is None:
        access.called_at, access.called_by = ctx.at, ctx.actor.id
        record(ctx, EmergencyCallMade(access.id, access.resident_id))
    return access
