"""How many family mandates a manager's houses recorded; nobody is named."""

from marshmallow import Schema

from backend import proxies
from backend.kernel.context import Context
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, gives

api = Api("proxies", Audience.MANAGER, "/proxies")
MANY = 10**9


class ProxyTallySchema(Schema):
    """Mandates recorded at the desks of the manager's houses, by state."""

    recorded = fields.Whole(0, MANY, required=True)
    active = fields.Whole(0, MANY, required=True)
    ended = fields.Whole(0, MANY, required=True)
    lapsed = fields.Whole(0, MANY, required=True)


@api.get("/counts")
@gives(ProxyTallySchema)
def counts(ctx: Context) -> proxies.Tally:
    """窗口代办授权数 · Numbers alone."""
    return proxies.tally(ctx)
