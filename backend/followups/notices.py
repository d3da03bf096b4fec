"""What we tell whom about follow-ups: reactions to what has happened, each message once.

Deliveries may be late and cross one another, so each looks at what is true now.
"""

from uuid import UUID

from backend import messaging, teams
from backend.followups import queries
from backend.followups.events import (
    EmergencyFound,
    FollowUpAcknowledged,
    FollowUpCancelled,
    FollowUpCompleted,
    FollowUpEscalated,
    FollowUpFellDue,
    FollowUpHandedOver,
    FollowUpMissed,
    FollowUpOverdue,
)
from backend.followups.models import BEGUN, OPEN, State
from backend.kernel.context import Context
from backend.messaging import Answer, MessageAnswered, MessageKind, To

Closed = FollowUpCompleted | FollowUpMissed | FollowUpCancelled
TASKS = (MessageKind.FOLLOW_UP_TASK, MessageKind.FOLLOW_UP_ESCALATED)
REMINDERS = (MessageKind.FOLLOW_UP_DUE, MessageKind.FOLLOW_UP_OVERDUE, MessageKind.CANNOT_COME)
ONCE = "once"


def remind_resident(ctx: Context, event: FollowUpFellDue) -> None:
    """Tell the resident the day, unless it is over."""
    if not queries.stands(ctx, event.followup_id, *OPEN):
        return
    day = {"date": messaging.as_date(event.due_on)}
    to = To.resident(event.resident_id)
    messaging.queue(ctx, MessageKind.FOLLOW_UP_DUE, to, event.followup_id, ONCE, day)


def give_task(ctx: Context, event: FollowUpFellDue | FollowUpHandedOver) -> None:
    """Tell the responsible doctor that somebody of the team must take it on."""
    if queries.stands(ctx, event.followup_id, State.DUE, State.ESCALATED):
        _tell(ctx, MessageKind.FOLLOW_UP_TASK, event.doctor_id, event.followup_id)


def tell_lead(ctx: Context, event: FollowUpEscalated) -> None:
    """Tell whom it was put to that nobody took it on in time."""
    if queries.stands(ctx, event.followup_id, State.ESCALATED):
        _tell(ctx, MessageKind.FOLLOW_UP_ESCALATED, event.staff_id, event.followup_id)


def tell_overdue(ctx: Context, event: FollowUpOverdue) -> None:
    """Tell the team lead that it is still open."""
    if queries.stands(ctx, event.followup_id, *BEGUN):
        _tell(ctx, MessageKind.FOLLOW_UP_OVERDUE, event.staff_id, event.followup_id)


def alert_team(ctx: Context, event: EmergencyFound) -> None:
    """Tell everybody of the team, once for each reading."""
    for staff_id in teams.members_of(ctx, event.team_id):
        occasion = str(event.measurement_id)
        _tell(ctx, MessageKind.EMERGENCY_ALERT, staff_id, event.followup_id, occasion)


def withdraw_task(ctx: Context, event: FollowUpAcknowledged) -> None:
    """Somebody has taken it on: what still waits to ask for that is pointless."""
    messaging.withdraw(ctx, event.followup_id, *TASKS)


def withdraw_all(ctx: Context, event: Closed) -> None:
    """It is over: nobody is reminded any more. An alert stays."""
    messaging.withdraw(ctx, event.followup_id, *TASKS, *REMINDERS)


def tell_cannot_come(ctx: Context, event: MessageAnswered) -> None:
    """Who has it in hand hears at once that the resident cannot come, and arranges another day.

    Nothing counts as done or missed by it: that is theirs to say.
    """
    if event.kind is not MessageKind.FOLLOW_UP_DUE or not messaging.answer_stands(ctx, event):
        return
    if event.answer is not Answer.CANNOT_COME:
        messaging.withdraw(ctx, event.subject_id, MessageKind.CANNOT_COME)
        return
    if not queries.stands(ctx, event.subject_id, *OPEN):
        return
    visit = queries.find(ctx, event.subject_id)
    staff_id = visit.acknowledged_by or visit.escalated_to or visit.doctor_id
    values = {"time": messaging.as_time(event.at)}
    to, kind = To.staff(staff_id), MessageKind.CANNOT_COME
    page = f"pages/work/follow-up?id={visit.id}"
    messaging.queue(ctx, kind, to, visit.id, event.at.isoformat(), values, page=page)


def _tell(
    ctx: Context, kind: MessageKind, staff_id: UUID, followup_id: UUID, occasion: str = ONCE
) -> None:
    messaging.queue(ctx, kind, To.staff(staff_id), followup_id, occasion, {})
