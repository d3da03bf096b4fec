"""The end of a prescription; its callers have asked whether they may."""

from backend.kernel import relations
from backend.kernel.context import Context
from backend.kernel.events import record
from backend.prescriptions.events import PrescriptionEnded
from backend.prescriptions.models import LIFE, Act, Prescription
from backend.prescriptions.order import Stop


def end(
    ctx: Context,
    prescription: Prescription,
    act: Act,
    reason: Stop | None = None,
    note: str | None = None,
) -> Prescription:
    """Leave what is under way or in use; raises `IllegalMove`."""
    state = LIFE.after(prescription.state, act)

    prescription.state, prescription.ended_at = state, ctx.at
    prescription.ended_by_kinship = ctx.by_kinship
    prescription.end_reason, prescription.end_note = reason, note
    relations.part(ctx, [prescription.id])
    record(ctx, PrescriptionEnded(prescription.resident_id, prescription.id, state, reason))
    return prescription
