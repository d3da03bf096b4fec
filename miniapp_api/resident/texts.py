"""短信: whether texts come to the holder's own phone."""

from marshmallow import Schema

from backend import messaging
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, StrictSchema, gives, takes

api = Api("texts", Audience.RESIDENT, "/me/texts", is_about_account=True)


class TextingSchema(Schema):
    """Offered here, a phone on file, wanted, and not in vain: all four, and texts come."""

    is_offered = fields.Boolean(required=True)
    has_phone = fields.Boolean(required=True)
    is_wanted = fields.Boolean(required=True)
    is_reachable = fields.Boolean(required=True)


class TextingChoiceSchema(StrictSchema):
    """Whether texts are wanted on this phone."""

    is_wanted = fields.Boolean(required=True)


@api.get("")
@gives(TextingSchema)
def texting(ctx: Context) -> messaging.Texting:
    """接收短信 · How it stands with one's own phone."""
    return messaging.texting(ctx)


@api.put("")
@takes(TextingChoiceSchema)
@gives(TextingSchema)
def switch(ctx: Context, *, is_wanted: bool) -> messaging.Texting:
    """开关短信 · A T in reply to a text switches them off, too; here they come back."""
    return messaging.switch_texts(ctx, is_wanted)
