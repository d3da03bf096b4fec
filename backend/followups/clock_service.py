"""What happens to follow-ups by itself: they fall due, go to the team lead, follow the contract."""

from datetime import timedelta
from uuid import UUID

from backend import contracting, identity, network, teams
from backend.followups import plan, policy, queries
from backend.followups.events import (
    EnrolmentEnded,
    FollowUpEscalated,
    FollowUpFellDue,
    FollowUpOverdue,
)
from backend.followups.form import EndReason
from backend.followups.models import BEGUN, LIFE, Act, Enrolment, EnrolmentState, FollowUp
from backend.followups.queries import Care
from backend.followups.rules import acknowledge_by
from backend.kernel.context import Context, Role
from backend.kernel.events import record
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.policy import admitted, by_clock, permitted

ContractEvent = contracting.ContractActivated | contracting.ContractEnded
DEPARTURES = {
    int(EndReason.MOVED): contracting.EndReason.MOVED,
}


@permitted(policy.by_itself_alone)
def fall_due(ctx: Context, visit: FollowUp) -> FollowUp:
    """Put the task to the doctor who answers now; the region's working hours begin to count."""
    state = LIFE.after(visit.state, Act.FALL_DUE)
    rules = queries.policy_of(ctx)
    if visit.due_on > ctx.today + timedelta(days=rules.notice_days):
        raise IllegalMove
    answer_by = acknowledge_by(ctx.at, rules, network.workdays(ctx).is_workday)

    visit.state, visit.told_at, visit.answer_by = state, ctx.at, answer_by
    doctor_id = teams.answering(ctx, visit.doctor_id)
    record(ctx, FollowUpFellDue(visit.resident_id, visit.id, doctor_id, visit.due_on))
    return visit


@permitted(policy.by_itself_alone)
def escalate(ctx: Context, visit: FollowUp) -> FollowUp:
    """Put what nobody took on in time to the team lead, once and for all to see.

    Where the lead is the doctor who did not answer, it goes to another doctor or nurse of the team.
    """
    state = LIFE.after(visit.state, Act.ESCALATE)
    if visit.answer_by is None or ctx.at < visit.answer_by:
        raise IllegalMove
    staff_id = _who_is_next(ctx, visit)

    visit.state, visit.escalated_at, visit.escalated_to = state, ctx.at, staff_id
    record(ctx, FollowUpEscalated(visit.resident_id, visit.id, staff_id, visit.due_on))
    return visit


def _who_is_next(ctx: Context, visit: FollowUp) -> UUID:
    """The lead; else another doctor of the team, else a nurse, else whoever had it before.

    Whoever is away is passed over for the deputy.
    """
    asked = teams.answering(ctx, visit.doctor_id)
    lead_id = teams.lead_of(ctx, visit.team_id)
    if lead_id and lead_id != asked:
        return lead_id
    present = identity.staff(ctx, teams.members_of(ctx, visit.team_id)).values()
    others = [one for one in present if one.role in policy.WHO_VISITS and one.id != asked]
    doctors_first = sorted(others, key=lambda one: (one.role is not Role.DOCTOR, one.id))
    return doctors_first[0].id if doctors_first else asked


@permitted(policy.by_itself_alone)
def report_overdue(ctx: Context, visit: FollowUp) -> FollowUp:
    """Tell the team lead, once, of what is open though its day is long past."""
    if visit.state not in BEGUN or visit.overdue_told_at or visit.due_on >= queries.late(ctx):
        raise IllegalMove
    lead_id = teams.lead_of(ctx, visit.team_id) or teams.answering(ctx, visit.doctor_id)

    visit.overdue_told_at = ctx.at
    record(ctx, FollowUpOverdue(visit.resident_id, visit.id, lead_id, visit.due_on))
    return visit


@admitted(by_clock)
def follow_contract(ctx: Context, event: ContractEvent) -> None:
    """Let the resident's programmes follow the contract: wait without one, go on with one.

    It looks at what is true now, so the order in which contracts began and ended is no matter.
    """
    care = queries.care_of(ctx, event.resident_id)
    for enrolment in queries.hold_live_enrolments(ctx, event.resident_id):
        _settle(ctx, enrolment, care)


@admitted(by_clock)
def end_contract(ctx: Context, event: EnrolmentEnded) -> None:
    """Who moved away, as the team recorded, has no contract any more; a death waits."""
    reason = DEPARTURES.get(event.reason)
    known_on = queries.hold_enrolment(ctx, event.enrolment_id).ended_on
    if reason and known_on:
        contracting.leave(ctx, event.resident_id, reason, known_on)


def _settle(ctx: Context, enrolment: Enrolment, care: Care | None) -> None:
    active = enrolment.state is EnrolmentState.ACTIVE
    if care is None and active:
        plan.suspend(ctx, enrolment)
    elif care and active:
        plan.hand_over(ctx, enrolment, care)
    elif care:
        plan.resume(ctx, enrolment, care)
