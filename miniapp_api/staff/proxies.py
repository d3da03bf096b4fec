"""窗口代办授权: recorded with the person present, witnessed by a second member of staff."""

from collections.abc import Mapping
from uuid import UUID

from marshmallow import Schema

from backend import identity, proxies
from backend.kernel.context import Context, Kinship
from backend.kernel.paging import Page
from backend.kernel.paging import Wanted as Place
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, creates, gives, lists, takes
from miniapp_api.mandates import MandatePage, MandateSchema, TermsSchema, Wanted
from miniapp_api.people import ClaimSchema

api = Api("proxies", Audience.STAFF, "/desk")


Seen = Mapping[str, identity.Claim]


class ProxyRecordSchema(TermsSchema):
    """The person who is present, and the family member."""

    person = fields.Nested(ClaimSchema, required=True)
    family_member = fields.Nested(ClaimSchema, required=True)


class GuardianSchema(StrictSchema):
    """The child, the parent or guardian who is present, and the original that proves it."""

    person = fields.Nested(ClaimSchema, required=True)
    family_member = fields.Nested(ClaimSchema, required=True)
    kinship = fields.choice(Kinship, required=True)
    proof = fields.choice(proxies.Proof, required=True)
    proof_number = fields.Text(60, required=True)


class PersonQuery(StrictSchema):
    """The person who stands at the desk."""

    person = fields.Nested(ClaimSchema, required=True)


class DeskMandateSchema(MandateSchema):
    """What was done, and the words to print for a person without a phone."""

    slip = fields.Text(300, required=True)


class MandatesSchema(Schema):
    """Everybody who may act, or asks to, for the person at the desk."""

    items = fields.List(fields.Nested(MandateSchema), required=True)


@api.get("/proxies")
@lists(PageQuery)
@gives(MandatePage)
def to_witness(ctx: Context, *, wanted: Place) -> Page[proxies.Shown]:
    """等待见证的代办授权 · What colleagues recorded, with masked names."""
    return proxies.to_witness(ctx, wanted)


@api.post("/proxies")
@takes(ProxyRecordSchema)
@creates(DeskMandateSchema)
def record(ctx: Context, *, person: Seen, family_member: Seen, terms: Wanted) -> proxies.Shown:
    """登记家庭代办 · Counts only once a second member of staff has witnessed it."""
    made = proxies.record_proxy(ctx, person["claim"], family_member["claim"], terms.on(ctx.today))
    return proxies.show(ctx, made)


@api.post("/guardians")
@takes(GuardianSchema)
@creates(DeskMandateSchema)
def record_guardian(
    ctx: Context,
    *,
    person: Seen,
    family_member: Seen,
    kinship: Kinship,
    proof: proxies.Proof,
    proof_number: str,
) -> proxies.Shown:
    """登记监护人 · By birth certificate, household register or ruling; a second one witnesses."""
    papers = proxies.Papers(proof, proof_number)
    made = proxies.record_guardian(ctx, person["claim"], family_member["claim"], kinship, papers)
    return proxies.show(ctx, made)


@api.post("/proxies/<uuid:mandate_id>/witness")
@gives(DeskMandateSchema)
def witness(ctx: Context, mandate_id: UUID) -> proxies.Shown:
    """见证代办授权 · By another than who recorded it."""
    return proxies.show(ctx, proxies.witness(ctx, proxies.hold(ctx, mandate_id)))


@api.post("/proxies/search")
@takes(PersonQuery)
@gives(MandatesSchema)
def look_up(ctx: Context, *, person: Seen) -> Mapping[str, list[proxies.Shown]]:
    """查本人的代办授权 · For the person who stands at the desk with a document."""
    return {"items": proxies.look_up(ctx, person["claim"])}


@api.post("/proxies/<uuid:mandate_id>/revocation")
@takes(PersonQuery)
@gives(DeskMandateSchema)
def revoke(ctx: Context, mandate_id: UUID, *, person: Seen) -> proxies.Shown:
    """为本人停止代办 · At once, for the person who stands at the desk."""
    return proxies.show(ctx, proxies.revoke_for(ctx, person["claim"], mandate_id))
