"""What is told to whom about a prescription, after the fact; never a drug or a diagnosis."""

from collections.abc import Mapping
from datetime import date, datetime, time
from uuid import UUID

from backend import contracting, messaging, teams
from backend.kernel.calendar import SHANGHAI
from backend.kernel.context import Context, Role
from backend.messaging import MessageKind, To
from backend.prescriptions import queries
from backend.prescriptions.events import (
    PrescriptionDispensed,
    PrescriptionEnded,
    PrescriptionIssued,
    PrescriptionRequested,
    PrescriptionReturned,
    PrescriptionReviewed,
)
from backend.prescriptions.models import Prescription, State
from backend.prescriptions.rules import LONG_PRESCRIPTION, policy_of, run_out_notices

REMIND_AT = time(9)
WHILE: Mapping[MessageKind, State] = {
    MessageKind.PRESCRIPTION_REQUESTED: State.REQUESTED,
    MessageKind.PRESCRIPTION_TO_REVIEW: State.ISSUED,
    MessageKind.PRESCRIPTION_RETURNED: State.RETURNED,
    MessageKind.PRESCRIPTION_READY: State.REVIEWED,
    MessageKind.RUN_OUT: State.IN_USE,
}
AT_THE_END: Mapping[State, MessageKind] = {
    State.REFUSED: MessageKind.PRESCRIPTION_REFUSED,
    State.TERMINATED: MessageKind.PRESCRIPTION_STOPPED,
    State.EXPIRED: MessageKind.PRESCRIPTION_EXPIRED,
}
Step = PrescriptionIssued | PrescriptionReviewed | PrescriptionReturned | PrescriptionDispensed
Settled = Step | PrescriptionEnded


def ask_doctor(ctx: Context, event: PrescriptionRequested) -> None:
    """Tell the resident's family doctor, or else the team's lead, that somebody waits."""
    kind = MessageKind.PRESCRIPTION_REQUESTED
    contract = contracting.active(ctx, event.resident_id)
    doctor_id = (contract and contract.doctor_id) or teams.lead_of(ctx, event.team_id)
    if doctor_id and (wanted := _still(ctx, event.prescription_id, kind)):
        _tell(ctx, wanted, kind, To.staff(doctor_id))


def ask_pharmacists(ctx: Context, event: PrescriptionIssued) -> None:
    """Tell the pharmacists where the drugs are collected that there is one to review."""
    kind = MessageKind.PRESCRIPTION_TO_REVIEW
    if issued := _still(ctx, event.prescription_id, kind):
        _tell(ctx, issued, kind, To.on_duty(issued.institution_id, Role.PHARMACIST))


def tell_ready(ctx: Context, event: PrescriptionReviewed) -> None:
    """Tell the resident that the drugs can be collected."""
    kind = MessageKind.PRESCRIPTION_READY
    if reviewed := _still(ctx, event.prescription_id, kind):
        _tell(ctx, reviewed, kind, To.resident(event.resident_id))


def tell_returned(ctx: Context, event: PrescriptionReturned) -> None:
    """Tell the doctor who prescribed that the pharmacist sent it back."""
    kind = MessageKind.PRESCRIPTION_RETURNED
    returned = _still(ctx, event.prescription_id, kind)
    if returned and returned.doctor_id:
        _tell(ctx, returned, kind, To.staff(returned.doctor_id))


def plan_run_out(ctx: Context, event: PrescriptionDispensed) -> None:
    """Remind the resident on the region's days before her drugs run out, those still to come."""
    if _still(ctx, event.prescription_id, MessageKind.RUN_OUT):
        policy = policy_of(ctx.region, LONG_PRESCRIPTION.on(ctx.today))
        for day in run_out_notices(event.runs_out_on, policy):
            if day > ctx.today:
                _remind(ctx, event, day)


def tell_of_the_end(ctx: Context, event: PrescriptionEnded) -> None:
    """Tell the resident what was refused, stopped or not collected in time."""
    if kind := AT_THE_END.get(event.state):
        to = To.resident(event.resident_id)
        messaging.queue(ctx, kind, to, event.prescription_id, "ended", {})


def stop_asking(ctx: Context, event: Settled) -> None:
    """Withdraw what waits to be sent and is not true any more."""
    state = queries.hold(ctx, event.prescription_id).state
    stale = [kind for kind, meant in WHILE.items() if meant is not state]
    messaging.withdraw(ctx, event.prescription_id, *stale)


def _still(ctx: Context, prescription_id: UUID, kind: MessageKind) -> Prescription | None:
    """The prescription, held, where this is true of it still: what followed waits for its turn."""
    found = queries.hold(ctx, prescription_id)
    return found if found.state is WHILE[kind] else None


def _tell(ctx: Context, prescription: Prescription, kind: MessageKind, to: To) -> None:
    occasion = f"issue:{prescription.issue_number}"
    messaging.queue(ctx, kind, to, prescription.id, occasion, {})


def _remind(ctx: Context, event: PrescriptionDispensed, day: date) -> None:
    messaging.queue(
        ctx,
        MessageKind.RUN_OUT,
        To.resident(event.resident_id),
        event.prescription_id,
        f"before:{day}",
        {"date": messaging.as_date(event.runs_out_on)},
        due=datetime.combine(day, REMIND_AT, SHANGHAI),
    )
