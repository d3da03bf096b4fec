"""The chain of follow-ups of an enrolment; its callers have asked whether they may."""

from datetime import date

from backend import network
from backend.followups import queries
from backend.followups.events import (
    EnrolmentEnded,
    EnrolmentResumed,
    EnrolmentSuspended,
    FollowUpCancelled,
    FollowUpPlanned,
)
from backend.followups.form import EndReason
from backend.followups.models import (
    ENROLMENT_LIFE,
    Act,
    Enrolment,
    EnrolmentAct,
    EnrolmentState,
    FollowUp,
    Occasion,
    State,
)
from backend.followups.queries import Care
from backend.kernel import sensitive
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.events import record
from backend.kernel.sensitive import Traits


def add(
    ctx: Context,
    enrolment: Enrolment,
    care: Care,
    due_on: date,
    occasion: Occasion,
    *,
    after: FollowUp | None = None,
) -> FollowUp:
    """Plan the next follow-up; the one before must be closed and flushed."""
    visit = FollowUp(
        enrolment_id=enrolment.id,
        follows_id=after and after.id,
        resident_id=enrolment.resident_id,
        programme=enrolment.programme,
        team_id=care.team_id,
        doctor_id=care.doctor_id,
        occasion=occasion,
        due_on=due_on,
        state=State.SCHEDULED,
    )
    db.session.add(visit)
    about = Traits(programme=enrolment.programme)
    sensitive.mark(ctx, visit.resident_id, [enrolment.id, visit.id], about)
    record(ctx, FollowUpPlanned(visit.resident_id, visit.id, due_on))
    return visit


def follow(
    ctx: Context, enrolment: Enrolment, closed: FollowUp, due_on: date, occasion: Occasion
) -> FollowUp | None:
    """Plan what comes after a closed follow-up, by whoever answers now; nothing if suspended."""
    if enrolment.state is not EnrolmentState.ACTIVE:
        return None
    care = queries.care_of(ctx, enrolment.resident_id) or Care(closed.team_id, closed.doctor_id)
    return add(ctx, enrolment, care, due_on, occasion, after=closed)


def suspend(ctx: Context, enrolment: Enrolment) -> None:
    """Wait for a contract; what was planned is cancelled."""
    enrolment.state = ENROLMENT_LIFE.after(enrolment.state, EnrolmentAct.SUSPEND)
    _cancel_open(ctx, enrolment)
    record(ctx, EnrolmentSuspended(enrolment.resident_id, enrolment.id))


def resume(ctx: Context, enrolment: Enrolment, care: Care) -> FollowUp:
    """Go on where it stopped: on the day planned before, or the next workday if that has passed."""
    last = queries.newest(ctx, enrolment.id)
    enrolment.state = ENROLMENT_LIFE.after(enrolment.state, EnrolmentAct.RESUME)
    record(ctx, EnrolmentResumed(enrolment.resident_id, enrolment.id))
    due_on = network.workdays(ctx).next_workday(max(last.due_on, ctx.today))
    return add(ctx, enrolment, care, due_on, last.occasion, after=last)


def hand_over(ctx: Context, enrolment: Enrolment, care: Care) -> None:
    """The open follow-up belongs to whoever answers for the resident now."""
    visit = queries.hold_open(ctx, enrolment.id)
    if visit:
        visit.team_id, visit.doctor_id = care.team_id, care.doctor_id


def end(ctx: Context, enrolment: Enrolment, reason: EndReason) -> None:
    """Nobody is visited any more; raises `IllegalMove` where it has ended before."""
    enrolment.state = ENROLMENT_LIFE.after(enrolment.state, EnrolmentAct.END)
    enrolment.ended_on, enrolment.end_reason = ctx.today, reason
    _cancel_open(ctx, enrolment)
    record(ctx, EnrolmentEnded(enrolment.resident_id, enrolment.id, int(reason)))


def _cancel_open(ctx: Context, enrolment: Enrolment) -> None:
    visit = queries.hold_open(ctx, enrolment.id)
    if visit:
        visit.close(ctx, Act.CANCEL)
        record(ctx, FollowUpCancelled(visit.resident_id, visit.id))
