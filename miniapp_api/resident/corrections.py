"""更正申请: what is wrong, why, and what staff answered."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import Schema

from backend import privacy
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, creates, gives, takes
from miniapp_api.privacy_schemas import CorrectionSchema

api = Api("corrections", Audience.RESIDENT, "/me/corrections", is_about_account=True)


class OwnCorrectionSchema(CorrectionSchema):
    """One's own wish; a refusal says where to complain."""

    acts = fields.List(
        fields.choice(privacy.CorrectionAct), required=True, attribute="row.resident_acts"
    )
    answered_by = fields.Date(required=True)
    complaints = fields.Text(200, required=True)


class OwnCorrectionsSchema(Schema):
    """One's own wishes, the newest first."""

    items = fields.List(fields.Nested(OwnCorrectionSchema), required=True)


class CorrectionWishSchema(StrictSchema):
    """What is wrong, what it should be, and why."""

    subject = fields.choice(privacy.Subject, required=True)
    subject_id = fields.UUID(load_default=None)
    wanted = fields.Text(200, required=True)
    because = fields.Text(500, required=True)
    institution_id = fields.UUID(load_default=None)


@api.post("")
@takes(CorrectionWishSchema)
@creates(OwnCorrectionSchema)
def ask(ctx: Context, **told: Any) -> Mapping[str, Any]:
    """申请更正 · Staff look into it; readings are never overwritten, a note is put beside them."""
    return _own(ctx, privacy.ask_correction(ctx, **told))


@api.get("")
@gives(OwnCorrectionsSchema)
def corrections(ctx: Context) -> Mapping[str, Any]:
    """我的更正申请 · With what was there before."""
    return {"items": [_own(ctx, row) for row in privacy.corrections(ctx)]}


@api.post("/<uuid:correction_id>/withdrawal")
@gives(OwnCorrectionSchema)
def withdraw(ctx: Context, correction_id: UUID) -> Mapping[str, Any]:
    """撤回更正申请 · While nobody has answered."""
    held = privacy.hold_own_correction(ctx, correction_id)
    return _own(ctx, privacy.withdraw_correction(ctx, held))


def _own(ctx: Context, row: privacy.Correction) -> Mapping[str, Any]:
    told = {name: getattr(row, name) for name in CorrectionSchema._declared_fields}
    return told | {
        "row": row,
        "answered_by": privacy.answered_by(ctx, row),
        "complaints": privacy.policy_of(ctx.region).complaints,
    }
