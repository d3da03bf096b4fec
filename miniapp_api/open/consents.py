"""The texts that residents are asked to agree to, each by itself."""

from marshmallow import Schema

from backend import identity
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives

api = Api("consents", Audience.OPEN, "/consent-texts")


class ConsentTextSchema(Schema):
    """A text in force."""

    purpose = fields.choice(identity.Purpose, required=True)
    version = fields.Text(40, required=True)
    title = fields.Text(required=True)
    body = fields.Text(10_000, required=True)


@api.get("/reminders")
@gives(ConsentTextSchema)
def reminders(_ctx: Context) -> identity.ConsentText:
    """接收提醒同意书 · Without it nothing else is refused."""
    return identity.consent_text(identity.Purpose.REMINDERS)


@api.get("/health-data")
@gives(ConsentTextSchema)
def health_data(_ctx: Context) -> identity.ConsentText:
    """健康信息单独同意书 · Its version is named when agreeing."""
    return identity.consent_text(identity.Purpose.HEALTH_DATA)
