"""What this feature and the kernel hold of a person: their wishes, what happened, who looked."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select

from backend.kernel import retention
from backend.kernel.calendar import shanghai_date
from backend.kernel.context import Context
from backend.kernel.database import db
from backend.kernel.disclosures import disclosure
from backend.kernel.events import EventRow
from backend.kernel.policy import admitted, by_clock
from backend.kernel.relations import Relation
from backend.kernel.retention import Category
from backend.kernel.sensitive import SensitiveChoice, SensitiveItem
from backend.kernel.subjects import Kept, Records, plain, rows_of, told
from backend.privacy.models import (
    Correction,
    DataExport,
    DeathReport,
    DeletionRequest,
    KeptRecord,
)


@admitted(by_clock)
def export(_ctx: Context, resident_id: UUID) -> Records:
    """What the person asked for, and what was answered."""
    contents = ["content_sealed", "document_sealed"]
    return {
        "data_export": told(
            rows_of(DataExport, DataExport.resident_id == resident_id), without=contents
        ),
        "correction": told(rows_of(Correction, Correction.resident_id == resident_id)),
        "death_report": told(rows_of(DeathReport, DeathReport.resident_id == resident_id)),
        "deletion_request": told(
            rows_of(DeletionRequest, DeletionRequest.resident_id == resident_id)
        ),
        "kept_record": told(rows_of(KeptRecord, KeptRecord.resident_id == resident_id)),
    }


@admitted(by_clock)
def erase(_ctx: Context, resident_id: UUID) -> None:
    """Copies, wishes and news of death; that one asked to be forgotten stays, without a name."""
    for model in (DataExport, Correction, DeathReport):
        db.session.execute(delete(model).where(model.resident_id == resident_id))


@admitted(by_clock)
def export_traces(_ctx: Context, resident_id: UUID) -> Records:
    """What happened, who stood in which relation, and who was shown the record."""
    shown = select(disclosure).where(disclosure.c.resident_ids.contains([resident_id]))
    looked = db.session.execute(shown.order_by(disclosure.c.id)).mappings()
    relations = Relation.resident_id == resident_id
    return {
        "event": told(rows_of(EventRow, EventRow.resident_id == resident_id)),
        "sensitive_item": told(rows_of(SensitiveItem, SensitiveItem.resident_id == resident_id)),
        "sensitive_choice": told(
            rows_of(SensitiveChoice, SensitiveChoice.resident_id == resident_id)
        ),
        "relation": told(rows_of(Relation, relations | (Relation.party_id == resident_id))),
        "disclosure": [
            {name: plain(value) for name, value in row.items() if name != "resident_ids"}
            for row in looked
        ],
    }


@admitted(by_clock)
def erase_traces(_ctx: Context, resident_id: UUID) -> None:
    """What was of a sensitive category, and what was to be kept from family."""
    for model in (SensitiveItem, SensitiveChoice):
        db.session.execute(delete(model).where(model.resident_id == resident_id))


@admitted(by_clock)
def kept_traces(ctx: Context, resident_id: UUID) -> Sequence[Kept]:
    """Who was shown the record; it names ids alone."""
    shown = disclosure.c.resident_ids.contains([resident_id])
    many, last = db.session.execute(
        select(func.count(), func.max(disclosure.c.at)).where(shown)
    ).one()
    if not many:
        return []
    until = retention.kept_until(Category.DISCLOSURE, shanghai_date(last), ctx.today)
    return [Kept(Category.DISCLOSURE, many, until)] if until >= ctx.today else []
