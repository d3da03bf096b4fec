"""我的家人: who may act for me, as I allow it and for as long as I do."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from marshmallow import Schema

from backend import proxies
from backend.kernel.context import Context, Scope
from backend.kernel.paging import Page
from backend.kernel.paging import Wanted as Place
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, creates, gives, lists, takes
from miniapp_api.mandates import MandatePage, MandateSchema, ScopesSchema, TermsSchema, Wanted

api = Api("proxies", Audience.RESIDENT, "/me/proxies", is_about_account=True)


class FamilyInvitationSchema(TermsSchema):
    """Whom I invite: only somebody verified under this name can accept."""

    name = fields.Text(100, required=True)


class FamilyInvitedSchema(Schema):
    """The code to hand on, told this once; `qr` is the text of a QR code."""

    mandate = fields.Nested(MandateSchema, required=True)
    code = fields.Text(20, required=True)
    qr = fields.Text(100, required=True)


@api.get("")
@lists(PageQuery)
@gives(MandatePage)
def mine(ctx: Context, *, wanted: Place) -> Page[proxies.Shown]:
    """谁能为我代办 · Who acts, asks to act, or acted for me; the newest first."""
    return proxies.mine(ctx, wanted)


@api.post("/invitations")
@takes(FamilyInvitationSchema)
@creates(FamilyInvitedSchema)
def invite(ctx: Context, *, name: str, terms: Wanted) -> dict[str, Any]:
    """邀请家人代办 · The code is good once, for one day."""
    made = proxies.invite(ctx, name, terms.on(ctx.today))
    shown = proxies.show(ctx, made.mandate, masked=False)
    return {"mandate": shown, "code": made.code, "qr": made.qr}


@api.post("/<uuid:mandate_id>/confirmation")
@gives(MandateSchema)
def confirm(ctx: Context, mandate_id: UUID) -> proxies.Shown:
    """同意家人的申请 · Only the person can, on the own phone."""
    return _told(ctx, proxies.confirm(ctx, proxies.hold(ctx, mandate_id)))


@api.put("/<uuid:mandate_id>/scopes")
@takes(ScopesSchema)
@gives(MandateSchema)
def change(ctx: Context, mandate_id: UUID, *, scopes: Sequence[Scope]) -> proxies.Shown:
    """更改代办范围 · At once; of a guardian, a child of 14 may add."""
    return _told(ctx, proxies.change(ctx, proxies.hold(ctx, mandate_id), frozenset(scopes)))


@api.delete("/<uuid:mandate_id>")
@gives(MandateSchema)
def revoke(ctx: Context, mandate_id: UUID) -> proxies.Shown:
    """停止代办 · One call; the next request of the family member is refused."""
    return _told(ctx, proxies.revoke(ctx, proxies.hold(ctx, mandate_id)))


def _told(ctx: Context, mandate: proxies.Mandate) -> proxies.Shown:
    return proxies.show(ctx, mandate, masked=False)
