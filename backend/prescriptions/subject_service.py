"""What prescriptions hold of a person, and how it ends."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select

from backend.kernel import retention, sensitive
from backend.kernel.calendar import shanghai_date
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.policy import admitted, by_clock
from backend.kernel.retention import Category
from backend.kernel.subjects import Cause, Consequence, Kept, Records, rows_of, told
from backend.prescriptions.ending import end
from backend.prescriptions.models import (
    Act,
    Confirmation,
    Dispensing,
    Prescription,
    PrescriptionLine,
    Review,
    State,
    prescription_wish,
)
from backend.prescriptions.order import Stop

WAITING = (State.REQUESTED, State.ISSUED, State.RETURNED, State.REVIEWED)


@admitted(by_clock)
def export(_ctx: Context, resident_id: UUID) -> Records:
    """Every prescription with its drugs, what was confirmed, reviewed and handed over."""
    found = rows_of(Prescription, Prescription.resident_id == resident_id)
    ids = [row.id for row in found]
    return {
        "prescription": told(found),
        "prescription_wish": [
            {"prescription_id": str(row.id), "drug": drug.name, "strength": drug.strength}
            for row in found
            for drug in row.wishes
        ],
        "prescription_line": [
            {**shown, "drug": line.drug.name}
            for row in found
            for line in row.every_line
            for shown in told([line])
        ],
        "prescription_confirmation": told(
            rows_of(Confirmation, Confirmation.prescription_id.in_(ids))
        ),
        "prescription_review": told(rows_of(Review, Review.prescription_id.in_(ids))),
        "prescription_dispensing": told(rows_of(Dispensing, Dispensing.prescription_id.in_(ids))),
    }


@admitted(by_clock)
def foresee(ctx: Context, resident_id: UUID) -> Sequence[Consequence]:
    """What is under way, and what is in use."""
    theirs = (Prescription.resident_id == resident_id) & sensitive.shown(ctx, Prescription.id)
    waiting = rows_of(Prescription, theirs & Prescription.state.in_(WAITING))
    in_use = rows_of(Prescription, theirs & (Prescription.state == State.IN_USE))
    return [
        *(Consequence(row.id, "正在办理的长处方申请立即撤回，不能再领药") for row in waiting),
        *(Consequence(row.id, f"用到{row.runs_out_on}的长处方不再提醒续方") for row in in_use),
    ]


@admitted(by_clock)
def close(ctx: Context, resident_id: UUID, cause: Cause) -> None:
    """Withdraw what is under way; of the dead, stop what is in use as well."""
    states = (*WAITING, State.IN_USE) if cause is Cause.DIED else WAITING
    theirs = (Prescription.resident_id == resident_id) & Prescription.state.in_(states)
    held = select(Prescription).where(theirs).order_by(Prescription.id).with_for_update()
    fresh = held.execution_options(populate_existing=True)
    for row in db.session.execute(fresh).scalars().all():
        if row.state is State.IN_USE:
            end(ctx, row, Act.TERMINATE, Stop.OTHER)
        elif row.state in WAITING:
            end(ctx, row, Act.WITHDRAW)


@admitted(by_clock)
def kept(ctx: Context, resident_id: UUID) -> Sequence[Kept]:
    """What a doctor prescribed or the person confirmed, and everything that belongs to it."""
    theirs = (Prescription.resident_id == resident_id) & _binds()
    theirs &= sensitive.shown(ctx, Prescription.id)
    ended = func.coalesce(Prescription.ended_at, Prescription.issued_at, Prescription.requested_at)
    found = db.session.execute(select(func.count(), func.max(ended)).where(theirs)).one()
    if not found[0]:
        return []
    until = retention.kept_until(Category.PRESCRIPTION, shanghai_date(found[1]), ctx.today)
    return [Kept(Category.PRESCRIPTION, found[0], until)] if until >= ctx.today else []


@admitted(by_clock)
def erase(ctx: Context, resident_id: UUID) -> None:
    """Wishes that bound nobody; the rest when its time is over."""
    if not kept(ctx, resident_id):
        retention.expunge(resident_id, Category.PRESCRIPTION)
        return
    theirs = (Prescription.resident_id == resident_id) & ~_binds()
    ids = list(db.session.execute(select(Prescription.id).where(theirs)).scalars())
    wishes = delete(prescription_wish).where(prescription_wish.c.prescription_id.in_(ids))
    db.session.execute(wishes)
    db.session.execute(delete(PrescriptionLine).where(PrescriptionLine.prescription_id.in_(ids)))
    db.session.execute(delete(Prescription).where(Prescription.id.in_(ids)))


def _binds() -> ColumnElement[bool]:
    confirmed = Prescription.id.in_(select(Confirmation.prescription_id))
    return Prescription.issued_at.is_not(None) | confirmed
