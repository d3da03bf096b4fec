"""What follow-ups hold of a person, how it ends, and how a reading is corrected."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select

from backend.followups import plan, queries
from backend.followups.form import EndReason
from backend.followups.models import (
    OPEN,
    Enrolment,
    EnrolmentState,
    FollowUp,
    Measurement,
    MeasurementNote,
)
from backend.kernel import retention, sensitive
from backend.kernel.calendar import shanghai_date
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.errors import NotFound
from backend.kernel.policy import admitted, by_clock, by_staff
from backend.kernel.retention import Category
from backend.kernel.subjects import Cause, Consequence, Kept, Records, rows_of, told

REASONS = {Cause.DIED: EndReason.DEATH}


@admitted(by_clock)
def export(_ctx: Context, resident_id: UUID) -> Records:
    """Programmes, follow-ups, readings, and what the person said against them."""
    readings = rows_of(Measurement, Measurement.resident_id == resident_id)
    notes = [note for reading in readings for note in reading.notes]
    return {
        "enrolment": told(rows_of(Enrolment, Enrolment.resident_id == resident_id)),
        "followup": told(rows_of(FollowUp, FollowUp.resident_id == resident_id)),
        "measurement": told(readings),
        "measurement_note": told(notes),
    }


@admitted(by_clock)
def foresee(ctx: Context, resident_id: UUID) -> Sequence[Consequence]:
    """The programmes that are under way."""
    live = (Enrolment.resident_id == resident_id) & (Enrolment.state != EnrolmentState.ENDED)
    return [
        Consequence(row.id, f"{row.programme.label}随访停止{_planned(row.id)}")
        for row in rows_of(Enrolment, live & sensitive.shown(ctx, Enrolment.id))
    ]


def _planned(enrolment_id: UUID) -> str:
    planned = (FollowUp.enrolment_id == enrolment_id) & FollowUp.state.in_(OPEN)
    return "".join(f"，原定{row.due_on}的随访取消" for row in rows_of(FollowUp, planned))


@admitted(by_clock)
def close(ctx: Context, resident_id: UUID, cause: Cause) -> None:
    """End every programme; what was planned is cancelled."""
    for enrolment in queries.hold_live_enrolments(ctx, resident_id):
        plan.end(ctx, enrolment, REASONS.get(cause, EndReason.REFUSED))


@admitted(by_clock)
def kept(ctx: Context, resident_id: UUID) -> Sequence[Kept]:
    """The health record: visits, readings, and the programmes they belong to."""
    rows = select(FollowUp.closed_at.label("at")).where(
        FollowUp.resident_id == resident_id, sensitive.shown(ctx, FollowUp.id)
    )
    readings = select(Measurement.recorded_at).where(
        Measurement.resident_id == resident_id, sensitive.shown(ctx, Measurement.followup_id)
    )
    both = rows.union_all(readings).subquery()
    many, last = db.session.execute(select(func.count(), func.max(both.c.at))).one()
    if not many:
        return []
    since = shanghai_date(last or ctx.at)
    until = retention.kept_until(Category.HEALTH_RECORD, since, ctx.today)
    return [Kept(Category.HEALTH_RECORD, many, until)] if until >= ctx.today else []


@admitted(by_clock)
def erase(ctx: Context, resident_id: UUID) -> None:
    """The health record, when its time is over."""
    if kept(ctx, resident_id):
        return
    readings = select(Measurement.id).where(Measurement.resident_id == resident_id)
    gone = MeasurementNote.measurement_id.in_(readings)
    db.session.execute(delete(MeasurementNote).where(gone))
    for model in (Measurement, FollowUp, Enrolment):
        db.session.execute(delete(model).where(model.resident_id == resident_id))


@admitted(by_clock)
def describe(_ctx: Context, resident_id: UUID, measurement_id: UUID) -> str | None:
    """A reading of the person's in words."""
    reading = db.session.get(Measurement, measurement_id)
    if reading is None or reading.resident_id != resident_id:
        return None
    return f"{reading.taken_on} 血压 {reading.systolic}/{reading.diastolic}"


@admitted(by_staff)
def annotate(ctx: Context, resident_id: UUID, measurement_id: UUID, text: str) -> None:
    """Put what the person says beside a reading of theirs; raises `NotFound`."""
    reading = db.session.get(Measurement, measurement_id)
    if reading is None or reading.resident_id != resident_id:
        raise NotFound
    note = MeasurementNote(measurement_id=reading.id, added_at=ctx.at, added_by=ctx.actor.id)
    note.text = text
    reading.notes.append(note)
