"""What is told to whom about a prescription; never a drug or a diagnosis."""

from datetime import date, datetime, time

from backend import messaging
from backend.kernel.calendar import SHANGHAI
from backend.kernel.context import Context
from backend.messaging import MessageKind, To
from backend.prescriptions.models import Prescription
from backend.prescriptions.rules import LONG_PRESCRIPTION, policy_of, run_out_notices

REMIND_AT = time(9)


def ready(ctx: Context, prescription: Prescription) -> None:
    """Tell the resident that the drugs can be collected."""
    _tell(ctx, prescription, MessageKind.PRESCRIPTION_READY, To.resident(prescription.resident_id))


def returned(ctx: Context, prescription: Prescription) -> None:
    """Tell the doctor who prescribed that the pharmacist sent it back."""
    if prescription.doctor_id is not None:
        doctor = To.staff(prescription.doctor_id)
        _tell(ctx, prescription, MessageKind.PRESCRIPTION_RETURNED, doctor)


def _tell(ctx: Context, prescription: Prescription, kind: MessageKind, to: To) -> None:
    occasion = f"issue:{prescription.issue_number}"
    messaging.queue(ctx, kind, to, prescription.id, occasion, {})


def plan_run_out(ctx: Context, prescription: Prescription, out_on: date) -> None:
    """Remind the resident on the region's days before her drugs run out, those still to come."""
    policy = policy_of(ctx.region, LONG_PRESCRIPTION.on(ctx.today))
    for day in run_out_notices(out_on, policy):
        if day > ctx.today:
            _remind(ctx, prescription, day, out_on)


def _remind(ctx: Context, prescription: Prescription, day: date, out_on: date) -> None:
    messaging.queue(
        ctx,
        MessageKind.RUN_OUT,
        To.resident(prescription.resident_id),
        prescription.id,
        f"before:{day}",
        {"date": messaging.as_date(out_on)},
        due=datetime.combine(day, REMIND_AT, SHANGHAI),
    )


def take_back(ctx: Context, prescription: Prescription) -> None:
    """Withdraw what is still to be told of a prescription that has ended."""
    messaging.withdraw(ctx, prescription.id)
