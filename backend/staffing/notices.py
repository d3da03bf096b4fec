"""What we tell staff about posts."""

from backend import messaging, teams
from backend.kernel.context import Context
from backend.messaging import MessageKind, To
from backend.staffing.events import StaffInvited


def tell_deputy(ctx: Context, event: teams.AbsenceRecorded) -> None:
    """The deputy is told from which day on."""
    day = {"date": messaging.as_date(event.first_on)}
    to = To.staff(event.deputy_id)
    messaging.queue(ctx, MessageKind.DEPUTY_NAMED, to, event.absence_id, "named", day)


def forget_deputy(ctx: Context, event: teams.AbsenceEnded) -> None:
    """Nobody needs a deputy any more: what waits to say so is pointless."""
    messaging.withdraw(ctx, event.absence_id, MessageKind.DEPUTY_NAMED)


def tell_rebinding(ctx: Context, event: StaffInvited) -> None:
    """Whoever works here hears on the old phone that another one is to be bound."""
    if event.for_staff_id is not None:
        to = To.staff(event.for_staff_id)
        messaging.queue(ctx, MessageKind.REBINDING_ASKED, to, event.invitation_id, "asked", {})
