"""At the desk: check in by paper card or document, and the cards themselves."""

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import Schema, validate

from backend import clinics, identity
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, creates, gives, gives_file, takes
from miniapp_api.pacing import Pace, paced
from miniapp_api.people import ClaimSchema
from miniapp_api.staff.clinic_day import Form, RecordedSchema, ShortName, picture
from miniapp_api.staff.desk import SeenAtDeskSchema

api = Api("check-ins", Audience.STAFF, "/desk")


class CardCheckInSchema(StrictSchema):
    """The code on the paper card."""

    card = fields.Text(60, required=True)


class CardSchema(Schema):
    """A new card; `code` is told this once, to be printed."""

    id = fields.UUID(required=True)
    resident_id = fields.UUID(required=True)
    short_name = ShortName(required=True, attribute="name")
    code = fields.Text(60, required=True)


class RevokedSchema(Schema):
    """Whose card is void."""

    resident_id = fields.UUID(required=True)


class PrintingSchema(StrictSchema):
    """The code of a card, and as what it is wanted."""

    card = fields.Text(60, required=True)
    form = fields.choice(Form, load_default=Form.PDF, validate=validate.OneOf([Form.PDF, Form.SVG]))


class Printed(Response):
    """A card as it is printed, and whose it is."""

    resident_ids: tuple[UUID, ...] = ()


@api.post("/check-ins")
@takes(ClaimSchema)
@gives(RecordedSchema)
def by_document(ctx: Context, *, claim: identity.Claim) -> clinics.Booking:
    """凭证件签到 · Of who has a seat in this house now."""
    return clinics.day.check_in_by_document(ctx, claim)


@api.post("/card-check-ins")
@takes(CardCheckInSchema)
@gives(RecordedSchema)
def by_card(ctx: Context, *, card: str) -> clinics.Booking:
    """刷卡签到 · By the paper card, of who has a seat in this house now."""
    return clinics.day.check_in_by_card(ctx, card)


@api.post("/cards")
@paced(Pace.DESK_CODE)
@takes(SeenAtDeskSchema)
@creates(CardSchema)
def issue(ctx: Context, *, claim: identity.Claim, original_seen: bool) -> clinics.day.Issued:  # noqa: ARG001
    """发就诊卡 · To a person who is present; an earlier card is void at once."""
    return clinics.day.issue_card(ctx, claim)


@api.post("/cards/revocation")
@paced(Pace.DESK_CODE)
@takes(SeenAtDeskSchema)
@gives(RevokedSchema)
def revoke(ctx: Context, *, claim: identity.Claim, original_seen: bool) -> dict[str, Any]:  # noqa: ARG001
    """停用就诊卡 · Lost, or not wanted any more."""
    return {"resident_id": clinics.day.revoke_card(ctx, claim)}


@api.post("/cards/printing")
@takes(PrintingSchema)
@gives_file("application/pdf")
def printing(ctx: Context, *, card: str, form: Form) -> Response:
    """打印就诊卡 · Family name, house and code: no diagnosis, no number, no full name."""
    face = clinics.day.card_face(ctx, card)
    plain = picture(face.code, Form.SVG) if form is Form.SVG else None
    answer = Printed(
        plain.data if plain else clinics.day.pdf(face),
        mimetype="image/svg+xml" if plain else "application/pdf",
        headers={"Cache-Control": "no-store"},
    )
    answer.resident_ids = face.resident_ids
    return answer
