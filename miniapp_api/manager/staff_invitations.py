"""Posts offered to whoever has the code."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import Schema

from backend import staffing
from backend.kernel.context import Context, Role
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, creates, gives, lists, page_of, takes

api = Api("staff-invitations", Audience.MANAGER, "/staff-invitations")
PAGE = "pages/work/join?invitation="


class PostSchema(StrictSchema):
    """Who is invited to be what, where."""

    name = fields.Text(50, required=True)
    role = fields.choice(Role, required=True)
    title = fields.Text(50, required=True)
    specialty = fields.Text(50)
    institution_id = fields.UUID(required=True)


class InvitationSchema(Schema):
    """An invitation; its codes are never shown again."""

    id = fields.UUID(required=True)
    name = fields.Text(50, required=True)
    role = fields.choice(Role, required=True)
    title = fields.Text(50, required=True)
    specialty = fields.Text(50, required=True, allow_none=True)
    institution_id = fields.UUID(required=True)
    state = fields.choice(staffing.InvitationState, required=True)
    invited_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    staff_id = fields.UUID(required=True, allow_none=True)


class OfferSchema(Schema):
    """The invitation, the page of the mini-program that its link opens, and the code to type."""

    invitation = fields.Nested(InvitationSchema, required=True)
    page = fields.Text(200, required=True)
    code = fields.Text(20, required=True)


@api.get("")
@lists(PageQuery)
@gives(page_of(InvitationSchema))
def invitations(ctx: Context, *, wanted: Wanted) -> Page[staffing.Invitation]:
    """邀请名单 · Of the own houses, the newest first."""
    return staffing.invitations(ctx, wanted)


@api.post("")
@takes(PostSchema)
@creates(OfferSchema)
def invite(ctx: Context, **post: Any) -> Mapping[str, Any]:
    """邀请人员 · The codes are told once; good for the region's days, for one person."""
    return offered(staffing.invite(ctx, staffing.Post(**post)))


@api.post("/<uuid:invitation_id>/revocation")
@gives(InvitationSchema)
def revoke(ctx: Context, invitation_id: UUID) -> staffing.Invitation:
    """撤回邀请 · Before anybody accepts it."""
    return staffing.revoke(ctx, staffing.hold_invitation(ctx, invitation_id))


def offered(offer: staffing.Offer) -> Mapping[str, Any]:
    """What the inviting manager hands on."""
    return {
        "invitation": offer.invitation,
        "page": f"{PAGE}{offer.link_code}",
        "code": offer.code,
    }
