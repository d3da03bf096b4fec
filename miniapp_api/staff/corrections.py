"""居民的更正申请: looked into by the house that was asked."""

from uuid import UUID

from backend import privacy
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, gives, lists, page_of, takes
from miniapp_api.privacy_schemas import CorrectionSchema

api = Api("corrections", Audience.STAFF, "/corrections")


class HouseCorrectionSchema(CorrectionSchema):
    """A wish as the house sees it."""

    resident_id = fields.UUID(required=True)


class CorrectionsQuery(PageQuery):
    """In which state."""

    state = fields.choice(privacy.CorrectionState)


class CorrectionAcceptanceSchema(StrictSchema):
    """A name or a phone is changed only with the document on the desk."""

    document_seen = fields.Boolean(load_default=False)


class CorrectionRefusalSchema(StrictSchema):
    """What the person reads."""

    answer = fields.Text(500, required=True)


@api.get("")
@lists(CorrectionsQuery)
@gives(page_of(HouseCorrectionSchema))
def corrections(
    ctx: Context, *, wanted: Wanted, state: privacy.CorrectionState | None = None
) -> Page[privacy.Correction]:
    """居民的更正申请 · Those that one's own house was asked, the oldest first."""
    return privacy.corrections_of_house(ctx, wanted, state)


@api.post("/<uuid:correction_id>/acceptance")
@takes(CorrectionAcceptanceSchema)
@gives(HouseCorrectionSchema)
def accept(ctx: Context, correction_id: UUID, *, document_seen: bool) -> privacy.Correction:
    """同意更正 · What was there before stays on record."""
    held = privacy.hold_correction(ctx, correction_id)
    return privacy.accept_correction(ctx, held, document_seen=document_seen)


@api.post("/<uuid:correction_id>/refusal")
@takes(CorrectionRefusalSchema)
@gives(HouseCorrectionSchema)
def refuse(ctx: Context, correction_id: UUID, *, answer: str) -> privacy.Correction:
    """不予更正 · With the reason that the person reads."""
    return privacy.refuse_correction(ctx, privacy.hold_correction(ctx, correction_id), answer)
