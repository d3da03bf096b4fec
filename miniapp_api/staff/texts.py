"""窗口恢复短信: whether texts reach who stands at the desk; on their wish they come again."""

from marshmallow import Schema

from backend import identity, messaging
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives, takes
from miniapp_api.pacing import Pace, paced
from miniapp_api.staff.desk import SeenAtDeskSchema

api = Api("texts_at_desk", Audience.STAFF, "/desk/texts")


class TextingAtDeskSchema(Schema):
    """Offered here, a phone on file, wanted, and not in vain: all four, and texts come."""

    resident_id = fields.UUID(required=True)
    is_offered = fields.Boolean(required=True, attribute="texting.is_offered")
    has_phone = fields.Boolean(required=True, attribute="texting.has_phone")
    is_wanted = fields.Boolean(required=True, attribute="texting.is_wanted")
    is_reachable = fields.Boolean(required=True, attribute="texting.is_reachable")


@api.post("/search")
@paced(Pace.DESK_CODE)
@takes(SeenAtDeskSchema)
@gives(TextingAtDeskSchema)
def texting(
    ctx: Context,
    *,
    claim: identity.Claim,
    original_seen: bool,  # noqa: ARG001 — refused by the schema unless it is true
) -> messaging.TextingOf:
    """窗口查短信 · Why no texts come: somebody answered T, or the number was found dead."""
    return messaging.texting_at_desk(ctx, claim)


@api.post("/restoration")
@paced(Pace.DESK_CODE)
@takes(SeenAtDeskSchema)
@gives(TextingAtDeskSchema)
def restore(
    ctx: Context,
    *,
    claim: identity.Claim,
    original_seen: bool,  # noqa: ARG001
) -> messaging.TextingOf:
    """窗口恢复短信 · As the person asks; for all whose phone it is."""
    return messaging.restore_texts_at_desk(ctx, claim)
