"""窗口办理: staff see the person with the original document, and are the witness."""

from backend import identity
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, creates, gives, takes
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
    return shown(identity.verify_at_desk(ctx, claim, code, agreed_version))


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
    """手机丢失 · Every account of the person is freed and logged out at once."""
    return shown(identity.report_lost_phone(ctx, claim))
