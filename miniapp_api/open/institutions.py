"""Where to go: institutions and how far they are."""

from marshmallow import Schema

from backend import network
from backend.kernel.context import Context
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, gives, lists, page_of

api = Api("institutions", Audience.OPEN, "/institutions")


class InstitutionSchema(Schema):
    """One house; `is_example` marks invented ones."""

    id = fields.UUID(required=True)
    name = fields.Text(required=True)
    level = fields.choice(network.Level, required=True)
    address = fields.Text(required=True)
    phone = fields.Text(40, required=True, allow_none=True)
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    is_example = fields.Boolean(required=True)


class InstitutionsQuery(PageQuery):
    """Which institutions."""

    level = fields.choice(network.Level)


@api.get("")
@lists(InstitutionsQuery)
@gives(page_of(InstitutionSchema))
def institutions(
    ctx: Context, *, wanted: Wanted, level: network.Level | None = None
) -> Page[network.Institution]:
    """机构列表 · By name."""
    return network.institutions(ctx, wanted, level)
