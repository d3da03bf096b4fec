"""为谁办理: the people for whom I may act, oneself first."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, post_load

from backend import proxies
from backend.kernel.context import Context, Kinship, Scope
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, creates, gives, takes
from miniapp_api.mandates import MandateSchema, TermsSchema, Wanted

api = Api("people", Audience.RESIDENT, "/me/people", is_about_account=True)

ASKED = "申请已提交。请家人本人在自己的手机上确认；没有手机的，请带双方证件到社区窗口办理。"


class SomebodySchema(Schema):
    """Somebody for whom I may act today, with a masked name; without kinship it is oneself."""

    resident_id = fields.UUID(required=True)
    name = fields.Text(50, required=True)
    kinship = fields.choice(Kinship, required=True, allow_none=True)
    scopes = fields.List(fields.choice(Scope), required=True)
    is_guardian = fields.Boolean(required=True)
    until = fields.Date(required=True, allow_none=True)
    mandate_id = fields.UUID(required=True, allow_none=True)


class PeopleSchema(Schema):
    """Everybody for whom I may act."""

    items = fields.List(fields.Nested(SomebodySchema), required=True)


class InvitationCodeSchema(StrictSchema):
    """The code of an invitation, or the text of its QR code."""

    code = fields.Text(100, required=True)


class FamilyRequestSchema(TermsSchema):
    """For whom I ask to act: the name, and either the ID number or the mobile number."""

    name = fields.Text(100, required=True)
    id_number = fields.Text(40)
    phone = fields.Text(30)

    @post_load
    def _whom(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Whom, beside the terms."""
        whom = {key: data.pop(key, None) for key in ("name", "id_number", "phone")}
        if (whom["id_number"] is None) == (whom["phone"] is None):
            raise ValidationError("请填写身份证号或手机号，只填一种", "id_number")
        return {**data, "whom": proxies.Whom(**whom)}


class FamilyRequestedSchema(Schema):
    """The same words whether or not anybody is known by that name and number."""

    id = fields.UUID(required=True)
    expires_at = fields.AwareDateTime(required=True)
    told = fields.Text(required=True)


@api.get("")
@gives(PeopleSchema)
def people(ctx: Context) -> Mapping[str, Sequence[proxies.Somebody]]:
    """我能为谁办理 · Oneself first."""
    return {"items": proxies.people(ctx)}


@api.post("")
@takes(InvitationCodeSchema)
@creates(MandateSchema)
def accept(ctx: Context, *, code: str) -> proxies.Shown:
    """接受家人的邀请 · With the code that the family member handed on."""
    return proxies.show(ctx, proxies.accept(ctx, code))


@api.post("/requests")
@takes(FamilyRequestSchema)
@creates(FamilyRequestedSchema)
def ask(ctx: Context, *, whom: proxies.Whom, terms: Wanted) -> dict[str, Any]:
    """申请为家人代办 · Nothing counts until the person has confirmed on the own phone."""
    made = proxies.ask(ctx, whom, terms.on(ctx.today))
    # Only what is the same for a stranger: the log of who was shown whom tells nothing either.
    return {"id": made.id, "expires_at": made.expires_at, "told": ASKED}


@api.delete("/<uuid:mandate_id>")
@gives(None, 204)
def give_up(ctx: Context, mandate_id: UUID) -> None:
    """不再为家人代办 · At once."""
    proxies.give_up(ctx, proxies.hold(ctx, mandate_id))
