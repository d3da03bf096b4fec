"""窗口办理: staff see the person with the original document, and are the witness."""

from uuid import UUID

from marshmallow import Schema

from backend import identity
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, creates, gives, lists, page_of, takes
from miniapp_api.pacing import Pace, paced
from miniapp_api.people import ClaimSchema, DocumentSchema, ServedSchema, Shown, shown

api = Api("desk", Audience.STAFF, "/desk")


class SeenAtDeskSchema(ClaimSchema):
    """Who stands at the desk; `original_seen` says that the document itself was seen."""

    original_seen = fields.Boolean(required=True, validate=fields.yes("请先核对证件原件"))


class DeskVerificationSchema(SeenAtDeskSchema):
    """`code` is on the resident's phone; who has no phone is registered without one.

    `agreed_version`: the text on health data that the person agreed to on paper.
    """

    code = fields.Text(8, shortest=8)
    agreed_version = fields.Text(40)


class FurtherDocumentSchema(SeenAtDeskSchema):
    """A person on file, and a further document."""

    further = fields.Nested(DocumentSchema, required=True)


class DeskRequestSchema(Schema):
    """What a colleague recorded, and until when it can be confirmed; the name is masked."""

    id = fields.UUID(required=True)
    act = fields.choice(identity.DeskAct, required=True)
    person = fields.Text(50, required=True, attribute="name")
    made_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)


DeskRequestPage = page_of(DeskRequestSchema)


@api.post("/verifications")
@paced(Pace.DESK_CODE)
@takes(DeskVerificationSchema)
@creates(ServedSchema)
def verify(
    ctx: Context,
    *,
    claim: identity.Claim,
    original_seen: bool,  # noqa: ARG001 — refused by the schema unless it is true
    code: str | None = None,
    agreed_version: str | None = None,
) -> Shown:
    """窗口实名认证 · Where no check online is possible; binds the account behind the code."""
    return _served(identity.verify_at_desk(ctx, claim, code, agreed_version))


@api.post("/documents")
@paced(Pace.DESK_CODE)
@takes(FurtherDocumentSchema)
@creates(ServedSchema)
def add_document(
    ctx: Context,
    *,
    claim: identity.Claim,
    original_seen: bool,  # noqa: ARG001
    further: dict[str, str],
) -> Shown:
    """登记另一证件 · As a foreigner's new card beside the old one: still one person."""
    later = identity.Claim(claim.name, **further)  # type: ignore[arg-type]
    return shown(identity.add_document(ctx, claim, later))


@api.post("/lost-phones")
@paced(Pace.DESK_CODE)
@takes(SeenAtDeskSchema)
@gives(ServedSchema)
def report_lost_phone(
    ctx: Context,
    *,
    claim: identity.Claim,
    original_seen: bool,  # noqa: ARG001
) -> Shown:
    """手机丢失 · Once a colleague confirms it, every account is freed and logged out."""
    return _served(identity.report_lost_phone(ctx, claim))


@api.get("/requests")
@lists(PageQuery)
@gives(DeskRequestPage)
def to_witness(ctx: Context, *, wanted: Wanted) -> Page[identity.ToWitness]:
    """等待见证的窗口办理 · Lost phones and further accounts that colleagues recorded."""
    return identity.to_witness(ctx, wanted)


@api.post("/requests/<uuid:request_id>/witness")
@gives(DeskRequestSchema)
def witness(ctx: Context, request_id: UUID) -> identity.ToWitness:
    """见证窗口办理 · By another than who recorded it; only now it is done."""
    return identity.witness(ctx, identity.hold_request(ctx, request_id))


def _served(served: identity.Served) -> Shown:
    return shown(served.resident, served.waiting.id if served.waiting else None)
